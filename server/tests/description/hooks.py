"""What the description of the API cannot say."""

import schemathesis


# Refusals that depend on the state of a license or a machine, and not on the form of the request.
OF_STATE = {"FINGERPRINT_TAKEN", "USES_LIMIT_EXCEEDED", "MACHINE_HEARTBEAT_DEAD"}


@schemathesis.hook
def before_call(context, case, kwargs):
    """`encrypt` and `algorithm` are two forms of one option, and are refused if they contradict each other."""
    for options in (case.query, case.body.get("meta") if isinstance(case.body, dict) else None):
        if isinstance(options, dict) and "encrypt" in options and "algorithm" in options:
            del options["algorithm"]


@schemathesis.check
def refused_for_its_state(ctx, response, case):
    """A request in the described form may be refused with 422 only for a reason that the description cannot say."""
    is_described = case.meta is not None and case.meta.generation.mode.is_positive
    if is_described and response.status_code == 422:
        code = response.json()["errors"][0]["code"]
        assert code in OF_STATE, f"{code} is not described"
