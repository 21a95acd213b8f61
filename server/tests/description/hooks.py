"""What the description of the API cannot say."""

from urllib.parse import unquote

import schemathesis


# Refusals that depend on the state of a license or a machine, and not on the form of the request.
OF_STATE = {
    "COMPONENTS_FINGERPRINT_CONFLICT",
    "COMPONENTS_FINGERPRINT_TAKEN",
    "FINGERPRINT_TAKEN",
    "MACHINE_HEARTBEAT_DEAD",
    "PID_TAKEN",
    "USES_LIMIT_EXCEEDED",
}


@schemathesis.hook
def before_call(context, case, kwargs):
    """Two parts of a request that contradict each other are refused."""
    # `encrypt` and `algorithm` are two forms of one option.
    for options in (case.query, case.body.get("meta") if isinstance(case.body, dict) else None):
        if isinstance(options, dict) and "encrypt" in options and "algorithm" in options:
            del options["algorithm"]
    # The id in a body is that of the machine in the path.
    data = case.body.get("data") if isinstance(case.body, dict) else None
    if case.method == "PATCH" and isinstance(data, dict) and isinstance(data.get("id"), str) and data["id"]:
        data["id"] = unquote(case.path_parameters["machine"])


@schemathesis.check
def refused_for_its_state(ctx, response, case):
    """A request in the described form may be refused with 422 only for a reason that the description cannot say."""
    is_described = case.meta is not None and case.meta.generation.mode.is_positive
    if is_described and response.status_code == 422:
        code = response.json()["errors"][0]["code"]
        assert code in OF_STATE, f"{code} is not described"
