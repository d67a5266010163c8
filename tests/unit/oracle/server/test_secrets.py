import subprocess
import sys
from pathlib import Path

from labelloop.errors import UserError
from labelloop.oracle.server import credentials
from tests.support.messages import raises_naming


def test_the_first_call_makes_a_login_and_later_calls_read_it(tmp_path: Path) -> None:
    made = credentials(tmp_path / "home")
    assert credentials(tmp_path / "home") == made


def test_two_homes_share_no_secret(tmp_path: Path) -> None:
    one, other = credentials(tmp_path / "one"), credentials(tmp_path / "other")
    assert one.password != other.password
    assert one.api_key != other.api_key
    assert one.auth_secret_key != other.auth_secret_key


def test_the_file_and_its_folder_are_the_users_alone(tmp_path: Path) -> None:
    home = tmp_path / "home"
    credentials(home)
    modes = {path.name: path.stat().st_mode & 0o777 for path in (home, *home.iterdir())}
    assert modes == {"home": 0o700, "secrets.json": 0o600}


def test_processes_that_start_together_read_the_same_login(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib, labelloop.oracle.server as s; print(s.credentials(pathlib.Path(sys.argv[1])))"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "home")]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(4)]
    assert len({process.communicate()[0] for process in processes}) == 1


def test_a_damaged_file_is_named_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "secrets.json").write_text('{"username"')
    with raises_naming(UserError, tmp_path / "secrets.json"):
        credentials(tmp_path)


def test_the_login_is_read_without_importing_argilla() -> None:
    code = "import sys, labelloop.oracle.server; print(any(m.startswith('argilla') for m in sys.modules))"
    imported = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert imported.stdout.strip() == "False"
