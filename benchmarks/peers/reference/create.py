from app.core.database import Base, engine
from app.user.auth import models  # noqa: F401 (knows the tables)

Base.metadata.create_all(engine)
