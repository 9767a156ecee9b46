"""A user database in which this user lives elsewhere: no test may touch the real home.

Python imports this file at its start wherever its folder is on PYTHONPATH, so that it holds for
the commands that a test starts, too. The program itself knows no such way, nor any variable.
"""

import os
import pwd

VARIABLE = "TESTS_HOME"


def move_home(uid: int) -> pwd.struct_passwd:
    """Answer as the user database does, with the folder in TESTS_HOME as the user's home."""
    return pwd.struct_passwd(("tester", "x", uid, uid, "", os.environ[VARIABLE], "/bin/sh"))


def live_in(folder: str) -> None:
    """Let this process and those that it starts have their home in a folder."""
    os.environ[VARIABLE] = folder
    pwd.getpwuid = move_home


if VARIABLE in os.environ:
    live_in(os.environ[VARIABLE])
