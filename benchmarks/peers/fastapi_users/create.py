import asyncio

from app.db import create_db_and_tables

asyncio.run(create_db_and_tables())
