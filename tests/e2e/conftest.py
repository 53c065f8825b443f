"""The deployed stack: the real template on the emulator, IAM enforced, for the whole session.

``HOMEROOM_STACK=.local/stack.json`` takes a stack that runs already (`make up`) instead, which
saves half a minute while one writes a test.
"""

import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local.api import Api
from local.builds import Build, build
from local.stack import FOLDER, Stack, start, stop
from tests.e2e.deployed import new_admin

# What would take minutes at its real length. A visibility below its function's time-out lets
# messages come twice, as they may in AWS.
QUICK = {
    "LegSeconds": "15",
    "LeaseSeconds": "6",
    "LostSeconds": "300",
    "ResendSeconds": "10",
    "SecondSweepSeconds": "5",
    "SpreadSeconds": "5",
    "QuietSeconds": "1",
    "ExtractVisibilitySeconds": "20",
    "PlanVisibilitySeconds": "20",
    "UpsertVisibilitySeconds": "15",
    # Sign-in by identity providers, which a test makes.
    "SignInDomain": "homeroom-test",
    "SignInProviders": "NorthIdP,NobodysIdP",
    "SignInCallbackUrls": "https://app.example/callback",
}
STACKS = FOLDER / "tests"

AdminMaker = Callable[[str], Api]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything in this folder, so that no test of it can be taken for a unit test."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="session")
def workplace(request: pytest.FixtureRequest) -> Iterator[Path]:
    """Give this session a folder, apart from `make up` and from other sessions."""
    _sweep()
    folder = STACKS / str(os.getpid())
    folder.mkdir(parents=True, exist_ok=True)
    yield folder
    # The logs of a session with failures are worth more than its space.
    for part in ("emulator",) if request.session.testsfailed else (".",):
        shutil.rmtree(folder / part, ignore_errors=True)


@pytest.fixture(scope="session")
def built() -> Build:
    """Build the template, while the person's environment is still there.

    The build may need a certificate or a proxy of theirs.
    """
    return build()


@pytest.fixture(scope="session")
def stack(request: pytest.FixtureRequest) -> Iterator[Stack]:
    """Deploy once a session."""
    if given := os.environ.get("HOMEROOM_STACK"):
        yield Stack.read(Path(given))
        return
    folder: Path = request.getfixturevalue("workplace")
    yield start(folder, parameters=QUICK, built=request.getfixturevalue("built"))
    stop(folder)


@pytest.fixture
def own_stack(built: Build, tmp_path: Path) -> Iterator[Stack]:
    """Deploy a stack for one test only: one that ends it, and looks through what it has kept."""
    yield start(tmp_path, parameters=QUICK, built=built, keeps_state=True)
    stop(tmp_path)
    # pytest keeps the folders of its last three sessions; some hundred megabytes each, here.
    shutil.rmtree(tmp_path / "emulator", ignore_errors=True)


@pytest.fixture
def admin_of(stack: Stack) -> AdminMaker:
    """Make Enterprise Admins: ``admin_of("north")`` is the API as one of that enterprise."""
    return lambda enterprise: new_admin(stack, enterprise)


@pytest.fixture
def api(stack: Stack) -> Api:
    """Sign in as the admin of an enterprise in which nothing has been done yet."""
    return new_admin(stack, f"enterprise-{uuid.uuid4().hex[:12]}")


def _sweep() -> None:
    """End the stacks of sessions that were killed and could not do it."""
    for folder in STACKS.glob("*"):
        try:
            os.kill(int(folder.name), 0)
        except (ProcessLookupError, ValueError):
            stop(folder)
            shutil.rmtree(folder, ignore_errors=True)
        except PermissionError:
            continue
