"""A small life of a license, with the client that openapi-python-client generates: API_URL LICENSE_KEY."""

import sys

from activation_api_client import AuthenticatedClient, Client, models
from activation_api_client.api.files import check_out_license, download_machine_file
from activation_api_client.api.licenses import increment_usage, list_machines, validate, validate_key
from activation_api_client.api.machines import activate, change_machine, deactivate, list_components, ping_machine, show_machine
from activation_api_client.api.processes import end_process, spawn_process
from activation_api_client.api.server import ping
from activation_api_client.types import UNSET


def main(url, key):
    nobody = Client(base_url=url)
    app = AuthenticatedClient(base_url=url, token=key, prefix="License")

    def validated(given, fingerprint=UNSET):
        scope = models.Scope(fingerprint=fingerprint)
        meta = models.ValidateKeyMeta(key=given, nonce=7, scope=scope)
        found = validate_key.sync(client=nobody, body=models.ValidateKey(meta=meta))
        assert found.meta.nonce == 7, found
        return found.meta.code, found.data and found.data.id

    assert ping.sync(client=nobody).meta.ok
    assert validated("APP-0000-0000-0000-0000-0000-0000-0000") == ("NOT_FOUND", None)
    code, license_id = validated(key)
    assert code == "NO_MACHINES", code

    board = models.ActivateComponent(models.ActivateComponentAttributes(fingerprint="board", name="BOARD"))
    relationships = models.ActivateRelationships(components=models.ActivateComponents(data=[board]))
    facts = models.ActivateAttributes(fingerprint="one", name="Desk", cores=8)
    wanted = models.Activate(models.ActivateData(attributes=facts, relationships=relationships))
    machine = activate.sync(client=app, body=wanted).data
    assert (machine.attributes.name, machine.attributes.cores) == ("Desk", 8), machine
    taken = activate.sync_detailed(client=app, body=wanted)
    assert (taken.status_code, taken.parsed.errors[0].code) == (422, "FINGERPRINT_TAKEN"), taken
    assert validated(key, "one") == ("VALID", license_id)

    assert ping_machine.sync("one", client=app).data.attributes.heartbeat_status == "ALIVE"
    parts = list_components.sync("one", client=app).data
    assert [component.attributes.fingerprint for component in parts] == ["board"], parts
    change = models.ChangeMachine(models.ChangeMachineData(attributes=models.ChangeMachineAttributes(name=None)))
    assert change_machine.sync("one", client=app, body=change).data.attributes.name is None

    on_one = models.SpawnRelationships(machine=models.ToOne(models.Identifier(id="one")))
    spawn = models.Spawn(models.SpawnData(models.SpawnAttributes(pid="1234"), on_one))
    process = spawn_process.sync(client=app, body=spawn).data
    assert end_process.sync_detailed(process.id, client=app).status_code == 204

    options = models.CheckOutMeta(ttl=3600, encrypt=True, include=["entitlements"])
    file = check_out_license.sync(license_id, client=app, body=models.CheckOut(meta=options)).data.attributes
    assert (file.ttl, file.algorithm) == (3600, "aes-256-gcm+ed25519"), file
    download = download_machine_file.sync("one", client=app, ttl=3600, include="license,components")
    assert download.payload.read().startswith(b"-----BEGIN MACHINE FILE-----\n")

    # Everything in these bodies is optional.
    assert increment_usage.sync(license_id, client=app, body=UNSET).data.attributes.uses == 1
    assert validate.sync(license_id, client=app, body=UNSET).meta.valid
    assert [found.id for found in list_machines.sync(license_id, client=app, limit=1).data] == [machine.id]

    assert deactivate.sync_detailed("one", client=app).status_code == 204
    assert show_machine.sync("one", client=app).errors[0].code == "NOT_FOUND"
    assert validated(key)[0] == "NO_MACHINES"


main(*sys.argv[1:])
