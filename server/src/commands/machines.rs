//! `machine …`

use latchkey_licensing::ids::MachineId;
use latchkey_service::{Activations, Machines, Operator, Service};
use serde_json::json;

use crate::{
    cli::lists::{Machine, MachineList, MachineLog},
    commands::terminal::{
        confirmation::{Answer, confirm},
        listing::{self, Fields},
    },
    console,
    startup::Failure,
};

pub(crate) async fn machine(service: &Service, command: Machine, as_json: bool) -> Result<(), Failure> {
    match command {
        Machine::List(command) => list(service, *command, as_json).await,
        Machine::Log(MachineLog { license, event, from, to, list }) => {
            let fields = Fields::new(&list).add("license", license).add("event", event).add("from", from).add("to", to);
            let shown = &["at", "event", "actor", "subject_id", "detail"];
            listing::list::<Activations>(service, fields, &list, shown, as_json).await
        }
        Machine::Free { id, yes } => free(service, &id, yes, as_json).await,
    }
}

async fn list(service: &Service, command: MachineList, as_json: bool) -> Result<(), Failure> {
    let MachineList { text, active, fingerprint, license, policy, product, from, to, seen_from, seen_to, list } =
        command;
    let fields = Fields::new(&list)
        .add("q", text)
        .add("active", active)
        .add("fingerprint", fingerprint)
        .add("license", license)
        .add("policy", policy)
        .add("product", product)
        .add("from", from)
        .add("to", to)
        .add("seen_from", seen_from)
        .add("seen_to", seen_to);
    let shown = &["name", "hostname", "platform", "email", "key", "last_seen_at", "deactivated_at"];
    listing::list::<Machines>(service, fields, &list, shown, as_json).await
}

async fn free(service: &Service, id: &str, yes: bool, as_json: bool) -> Result<(), Failure> {
    let hint = "`latchkey machine list` lists machines with their ids";
    let id: MachineId = id.parse().map_err(|_| Failure::Usage(format!("{id:?} is not a machine id: {hint}")))?;
    let admin = service.admin(Operator::Host);
    let missing = || Failure::Refused(format!("there is no active machine with the id {id}: {hint}"));
    let found = admin.machine_details(id).await?.filter(|found| found.deactivated.is_none()).ok_or_else(missing)?;
    let name = found.machine.label();
    let question = format!("Free the machine {name} of {}?", found.owner_email);
    if confirm(yes, &question)? == Answer::No {
        return Err(Failure::Refused("not freed".to_owned()));
    }
    admin.free_machine(id).await?.ok_or_else(missing)?;
    if as_json {
        console::json(
            &json!({ "id": id.to_string(), "name": name, "license": found.machine.license.to_string(), "freed": true }),
        );
    } else {
        console::line(&format!("Freed {name} of {}.", found.owner_email));
    }
    Ok(())
}
