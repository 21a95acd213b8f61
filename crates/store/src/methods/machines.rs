//! Machines, their components and processes, and the outages that are not counted against them.

use latchkey_licensing::{
    component::{Component, HeldComponent},
    ids::{AccountId, ComponentId, LicenseId, MachineId, ProcessId},
    machine::Machine,
    outage::Outage,
    process::{Process, ProcessCensus},
    time::Timestamp,
};

use super::dispatch::methods;
use crate::tables::machines::{DeactivatedBy, MachineCount, processes::ProcessCount};

methods! {
    machines {
        read {
            /// Finds a machine that is active on the license.
            find_machine(license: LicenseId, id: MachineId) -> Option<Machine>;
            /// Finds a machine that is active on the license.
            find_machine_by_fingerprint(license: LicenseId, fingerprint_hash: &[u8; 32]) -> Option<Machine>;
            /// Whether a machine was active on a license and has been deactivated.
            was_active_machine(license: LicenseId, id: MachineId) -> bool;
            /// Whether a machine with this fingerprint was active on a license and has been deactivated.
            was_active_fingerprint(license: LicenseId, fingerprint_hash: &[u8; 32]) -> bool;
            /// Lists a license's active machines, by id, after `after`.
            list_machines(license: LicenseId, after: Option<MachineId>, limit: i64) -> Vec<Machine>;
            /// The id at position `skipped` in the list of a license's active machines.
            machine_id_at_position(license: LicenseId, skipped: i64) -> Option<MachineId>;
            /// Lists all active machines of a license, by slot.
            list_active_machines(license: LicenseId) -> Vec<Machine>;
            /// Lists all active machines of these licenses, by id.
            list_machines_of(licenses: &[LicenseId]) -> Vec<Machine>;
            /// Lists the first `at_most` active machines of each of these licenses, by slot.
            list_first_machines(licenses: &[LicenseId], at_most: i64) -> Vec<Machine>;
            /// Counts the active machines of these licenses. Licenses without any are left out.
            count_machines(licenses: &[LicenseId]) -> Vec<MachineCount>;
            /// Lists when a license's owner freed machines after `since`, earliest first.
            list_deactivations_by_customer(license: LicenseId, since: Timestamp) -> Vec<Timestamp>;
            /// Lists when the owners of these licenses freed machines after `since`, earliest first.
            list_customer_deactivations_of(licenses: &[LicenseId], since: Timestamp) -> Vec<(LicenseId, Timestamp)>;
            /// Lists licenses whose policy culls dead machines and whose machines may have missed a heartbeat,
            /// longest silent first.
            list_licenses_with_late_machines(now: Timestamp, limit: i64) -> Vec<LicenseId>;
        }
        write {
            insert_machine(machine: &Machine, fingerprint_hash: &[u8; 32]) -> ();
            /// Writes a heartbeat, a name or a check-out. `false` if the machine is not active.
            update_machine(machine: &Machine) -> bool;
            /// `false` if the machine was not active.
            set_machine_deactivated(id: MachineId, by: DeactivatedBy, now: Timestamp) -> bool;
            /// Erases the names of the machines of an account's licenses, and what apps attached to them.
            erase_machine_names_of(account: AccountId, now: Timestamp) -> u64;
            /// Records when machines were last seen. Never moves a time back.
            note_machines_seen(seen: &[(MachineId, Timestamp)]) -> ();
        }
    }

    components {
        read {
            /// Finds a component of an active machine of the license.
            find_component(license: LicenseId, id: ComponentId) -> Option<Component>;
            /// Lists a machine's components, the newest first, before `before`, without the first `skipped`.
            list_components(machine: MachineId, before: Option<ComponentId>, skipped: i64, limit: i64) -> Vec<Component>;
            /// Lists all components of these machines, by id.
            list_components_of(machines: &[MachineId]) -> Vec<Component>;
            /// Lists the components of a license's machines with these fingerprints.
            list_held_components(license: LicenseId, fingerprint_hashes: &[[u8; 32]]) -> Vec<HeldComponent>;
        }
        write {
            /// Inserts components with the hashes of their fingerprints.
            insert_components(components: &[(Component, [u8; 32])]) -> ();
            /// Deletes the components of a machine.
            delete_components_on(machine: MachineId) -> u64;
            /// Erases the names of the components of an account's machines, and what apps attached to them.
            erase_component_names_of(account: AccountId) -> u64;
        }
    }

    processes {
        read {
            /// Finds a process on an active machine of the license.
            find_process(license: LicenseId, id: ProcessId) -> Option<Process>;
            /// Whether there is such a process.
            has_process(license: LicenseId, id: ProcessId) -> bool;
            /// Lists a machine's processes, the newest first, before `before`, without the first `skipped`.
            list_processes(machine: MachineId, before: Option<ProcessId>, skipped: i64, limit: i64) -> Vec<Process>;
            /// Lists all processes on these machines, by id.
            list_processes_of(machines: &[MachineId]) -> Vec<Process>;
            /// Counts the processes of a license by machine: those whose last heartbeat is `alive_since` or later, and
            /// the others.
            count_processes(license: LicenseId, alive_since: Timestamp) -> Vec<ProcessCount>;
            /// Counts the processes that hold a place, dead ones as well.
            count_process_places(license: LicenseId, machine: MachineId, pid: &str) -> ProcessCensus;
            /// Lists licenses whose processes may have missed a heartbeat, longest silent first.
            list_licenses_with_late_processes(now: Timestamp, limit: i64) -> Vec<LicenseId>;
        }
        write {
            /// The license must be locked.
            insert_process(process: &Process) -> ();
            /// Records a heartbeat at `now`, if the last one was `alive_since` or later. Never moves a time back.
            set_process_heartbeat(
                license: LicenseId, id: ProcessId, alive_since: Timestamp, now: Timestamp
            ) -> Option<Process>;
            /// Deletes the processes whose last heartbeat was before `alive_since`, and returns their machines and
            /// pids. The license must be locked.
            delete_dead_processes(license: LicenseId, alive_since: Timestamp) -> Vec<(MachineId, String)>;
            /// The license must be locked. `false` if there is no such process.
            delete_process(license: LicenseId, id: ProcessId) -> bool;
            /// Deletes the processes on a machine. The license must be locked.
            delete_processes_on(machine: MachineId) -> u64;
            /// Erases what apps attached to the processes on an account's machines.
            erase_process_metadata_of(account: AccountId) -> u64;
        }
    }

    outages {
        read {
            /// Lists all outages, by start.
            list_outages() -> Vec<Outage>;
        }
        write {
            insert_outage(outage: Outage) -> ();
            /// Makes outages that end after `limit` end at `now`.
            truncate_outages(limit: Timestamp, now: Timestamp) -> ();
            /// Deletes outages that ended before `instant`.
            delete_outages_before(instant: Timestamp) -> u64;
        }
    }

    heartbeat_watch {
        read {
            /// The time until which the server is known to have received heartbeats, and the time after which
            /// there is an outage.
            find_heartbeat_watch() -> Option<(Timestamp, Timestamp)>;
        }
        write {
            /// Records that the server received heartbeats at `seen_at`, and that there is an outage after
            /// `stale_after`.
            set_heartbeat_watch(seen_at: Timestamp, stale_after: Timestamp) -> ();
        }
    }
}
