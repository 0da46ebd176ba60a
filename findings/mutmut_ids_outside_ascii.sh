#!/bin/sh
# pytest 9.2.0 escapes an id that `ids=` gave once more each time that a process collects it. mutmut 3.8.1 collects in
# its fork server first, so a fork does not find such a test by its id, runs none, and mutmut reports a timeout.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check mutmut==3.8.1 pytest==9.2.0
mkdir "$folder/try" "$folder/try/product" "$folder/try/tests"
cd "$folder/try"
printf 'def one():\n    return 1\n' > product/__init__.py
printf '[mutmut]\nsource_paths = product\nprocess_isolation = forkserver\n' > setup.cfg
try() {  # with this value of the parameter, whose test notices no mutant
  rm -rf mutants
  printf 'import pytest\nfrom product import one\n\n\n' > tests/test_one.py
  printf '@pytest.mark.parametrize("value", ["%s"], ids=str)\ndef test_one(value):\n    one()\n' "$1" >> tests/test_one.py
  "$folder/venv/bin/mutmut" run > said 2>&1
  "$folder/venv/bin/mutmut" results | tee said
  grep -q "x_one__mutmut_1: $2" said
}
"$folder/venv/bin/mutmut" --version
"$folder/venv/bin/python" -m pytest --version
echo "claim: the mutant survives where the id is 'a', and is a timeout where the id is 'é'"
try a survived
try é timeout
"$folder/venv/bin/python" - <<'PYTHON'
import pytest

def collected():
    class Names:
        def pytest_collection_finish(self, session):
            self.names = [item.name for item in session.items]
    pytest.main(["-qqq", "--collect-only", "-p", "no:cacheprovider", "tests"], plugins=[names := Names()])
    return names.names

first, second = collected(), collected()
print("pytest's first collection:", first, "its second:", second)
assert (first, second) == ([r"test_one[\xe9]"], [r"test_one[\\xe9]"])
PYTHON
