"""Uses the Python package keygen-sdk, unmodified, against a server: run.py API_URL PUBLIC_KEY LICENSE_KEY.

The license is under a policy that allows one process on a machine and wants two of the components that an app names. The
server's clock is the test's, so the package must not compare it with that of this computer.
"""

import sys

import keygen


def refused(error, act, *arguments):
    """The act fails with this error."""
    try:
        act(*arguments)
    except error as found:
        return found
    raise AssertionError(f"{act.__name__}{arguments} did not fail with {error.__name__}")


def main(api_url, public_key, license_key):
    keygen.api_url, keygen.public_key, keygen.license_key = api_url, public_key, license_key
    keygen.max_clock_drift = None
    parts = [
        keygen.Component("board", "BOARD", {"slot": 1}),
        {"fingerprint": "disk", "name": "DISK"},
        {"fingerprint": "gpu", "name": ""},
    ]
    found = refused(keygen.LicenseNotActivatedError, keygen.validate, "one")
    refused(keygen.ComponentConflictError, found.license.activate, "one", parts[0], parts[0])
    machine = found.license.activate("one", *parts)
    listed = {component.fingerprint: component for component in machine.components()}
    assert sorted(listed) == ["board", "disk", "gpu"], listed
    assert (listed["board"].name, listed["board"].metadata) == ("BOARD", {"slot": 1}), listed
    assert listed["board"].machine_id == machine.id, listed

    assert keygen.validate("one", "board", "gpu", "new").id == found.license.id
    refused(keygen.ComponentNotActivatedError, keygen.validate, "one", "board", "new")

    process = machine.spawn(1234)
    assert (process.pid, process.status, process.interval) == ("1234", keygen.ProcessStatus.ALIVE, 600), process
    assert process.machine_id == machine.id, process
    refused(keygen.ProcessLimitExceededError, machine.spawn, "1235")
    process.ping()
    assert [one.id for one in machine.processes()] == [process.id]
    process.kill()
    assert machine.processes() == []
    second = machine.spawn("1235")
    assert keygen.validate("one").id == found.license.id
    second.heartbeat.stop()

    machine.checkout(include=["license", "components"])
    machine.deactivate()
    refused(keygen.NotFoundError, second.ping)
    refused(keygen.LicenseNotActivatedError, keygen.validate, "one")
    print("done")


main(*sys.argv[1:])
