"""A small life of a license, with the client that openapi-generator generates for Python: API_URL LICENSE_KEY."""

import sys

import openapi_client as api


def refused(status, act, *arguments):
    """The code of the error with which the act fails."""
    try:
        act(*arguments)
    except api.ApiException as error:
        assert error.status == status, error
        return error.data.errors[0].code
    raise AssertionError(f"{act.__name__} did not fail")


def main(url, key):
    nobody = api.ApiClient(api.Configuration(host=url))
    with_key = {"api_key": {"license_key": key}, "api_key_prefix": {"license_key": "License"}}
    app = api.ApiClient(api.Configuration(host=url, **with_key))
    files, licenses, machines, processes = map(
        lambda group: group(app), (api.FilesApi, api.LicensesApi, api.MachinesApi, api.ProcessesApi)
    )

    def validated(given, scope=None):
        meta = api.ValidateKeyMeta(key=given, nonce=7, scope=scope)
        found = api.LicensesApi(nobody).validate_key(api.ValidateKey(meta=meta))
        assert found.meta.nonce == 7, found
        return found.meta.code, found.data and found.data.id

    assert api.ServerApi(nobody).ping().meta.ok
    assert validated("APP-0000-0000-0000-0000-0000-0000-0000") == ("NOT_FOUND", None)
    code, license_id = validated(key)
    assert code == "NO_MACHINES", code

    board = api.ActivateComponent(attributes=api.ActivateComponentAttributes(fingerprint="board", name="BOARD"))
    components = api.ActivateComponents(data=[api.ActivateComponentsDataInner(board)])
    facts = api.ActivateAttributes(fingerprint="one", name="Desk", cores=8)
    relationships = api.ActivateRelationships(components=api.ActivateRelationshipsComponents(components))
    wanted = api.Activate(data=api.ActivateData(attributes=facts, relationships=relationships))
    machine = machines.activate(wanted).data
    assert (machine.attributes.name, machine.attributes.cores) == ("Desk", 8), machine
    assert refused(422, machines.activate, wanted) == "FINGERPRINT_TAKEN"
    assert validated(key, api.Scope(fingerprint="one")) == ("VALID", license_id)

    assert machines.ping_machine("one").data.attributes.heartbeat_status == "ALIVE"
    parts = machines.list_components("one").data
    assert [component.attributes.fingerprint for component in parts] == ["board"], parts
    change = api.ChangeMachineData(attributes=api.ChangeMachineAttributes(name=None))
    assert machines.change_machine("one", api.ChangeMachine(data=change)).data.attributes.name is None

    on_one = api.SpawnRelationships(machine=api.ToOne(data=api.Identifier(id="one")))
    pid = api.SpawnAttributes(pid=api.Pid("1234"))
    spawn = api.SpawnData(attributes=pid, relationships=on_one)
    process = processes.spawn_process(api.Spawn(data=spawn)).data
    assert processes.end_process_with_http_info(process.id).status_code == 204

    options = api.CheckOutMeta(
        ttl=api.FileTtl(3600),
        encrypt=api.FileEncryption(True),
        include=["entitlements"],
    )
    file = files.check_out_license(license_id, check_out=api.CheckOut(meta=options)).data.attributes
    assert (file.ttl, file.algorithm) == (3600, "aes-256-gcm+ed25519"), file
    download = files.download_machine_file("one", ttl=3600, include="license,components")
    assert download.startswith(b"-----BEGIN MACHINE FILE-----\n"), download[:40]

    # Everything in these bodies is optional.
    assert licenses.increment_usage(license_id).data.attributes.uses == 1
    assert licenses.validate(license_id).meta.valid
    assert [found.id for found in licenses.list_machines(license_id, limit=1).data] == [machine.id]

    assert machines.deactivate_with_http_info("one").status_code == 204
    assert refused(404, machines.show_machine, "one") == "NOT_FOUND"
    assert validated(key)[0] == "NO_MACHINES"


main(*sys.argv[1:])
