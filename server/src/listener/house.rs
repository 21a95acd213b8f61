//! All connections of a listener: how many there may be, and which ones end.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::sync::Notify;

use super::{
    connection::{Ask, Connection, Watch},
    limits::Limits,
};

/// How many connections are accepted when there are as many as there may be and none is idle. They may ask whether the server is
/// well, and get a refusal otherwise.
const EXTRA: usize = 32;

/// How long a client of such a connection may take for a header.
const EXTRA_HEADER: Duration = Duration::from_secs(2);

type Connections = HashMap<u64, Arc<Connection>>;

#[derive(Debug)]
pub(super) struct House {
    limits: Limits,
    extra_limits: Limits,
    watch: Watch,
    next: AtomicU64,
    /// Only accepted, ended and regularly checked connections take this lock; requests do not.
    rooms: Mutex<Rooms>,
    left: Notify,
}

#[derive(Debug, Default)]
struct Rooms {
    regular: Connections,
    extra: Connections,
}

impl House {
    pub(super) fn new(limits: Limits) -> Arc<Self> {
        let short = limits.header.min(EXTRA_HEADER);
        Arc::new(Self {
            limits,
            extra_limits: Limits { header: short, idle: short, ..limits },
            watch: Watch::start(),
            next: AtomicU64::new(0),
            rooms: Mutex::default(),
            left: Notify::new(),
        })
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.limits
    }

    fn rooms(&self) -> MutexGuard<'_, Rooms> {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for a new connection. `None` if even those that are refused are too many.
    pub(super) fn admit(self: &Arc<Self>) -> Option<Place> {
        let mut rooms = self.rooms();
        if rooms.regular.len() >= self.limits.connections {
            close_idlest(&mut rooms.regular);
        }
        let is_extra = rooms.regular.len() >= self.limits.connections;
        if is_extra && rooms.extra.len() >= EXTRA {
            close_idlest(&mut rooms.extra);
        }
        if is_extra && rooms.extra.len() >= EXTRA {
            return None;
        }
        let connection = Arc::new(Connection::new(self.watch));
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let room = if is_extra { &mut rooms.extra } else { &mut rooms.regular };
        room.insert(id, Arc::clone(&connection));
        Some(Place { house: Arc::clone(self), id, is_extra, connection })
    }

    /// Closes the connection that was idle for the longest time.
    pub(super) fn make_room(&self) {
        close_idlest(&mut self.rooms().regular);
    }

    /// Ends connections that are longer than they may be.
    pub(super) fn sweep(&self) {
        let rooms = self.rooms();
        rooms.regular.values().for_each(|connection| connection.check(&self.limits));
        rooms.extra.values().for_each(|connection| connection.check(&self.extra_limits));
    }

    /// Asks all connections to end after their requests in progress.
    pub(super) fn close(&self) {
        let rooms = self.rooms();
        rooms.regular.values().chain(rooms.extra.values()).for_each(|connection| connection.ask(Ask::Finish));
    }

    /// Waits until there are no connections.
    pub(super) async fn emptied(&self) {
        loop {
            let left = self.left.notified();
            if self.is_empty() {
                return;
            }
            left.await;
        }
    }

    fn is_empty(&self) -> bool {
        let rooms = self.rooms();
        rooms.regular.is_empty() && rooms.extra.is_empty()
    }

    fn remove(&self, id: u64) {
        let mut rooms = self.rooms();
        rooms.regular.remove(&id);
        rooms.extra.remove(&id);
        drop(rooms);
        self.left.notify_waiters();
    }
}

fn close_idlest(room: &mut Connections) {
    let idle = room.iter().filter_map(|(id, connection)| Some((connection.idleness()?, *id)));
    if let Some((_, id)) = idle.min()
        && let Some(connection) = room.remove(&id)
    {
        connection.ask(Ask::Close);
    }
}

/// A connection's place, which is free again when this is dropped.
#[derive(Debug)]
pub(super) struct Place {
    house: Arc<House>,
    id: u64,
    is_extra: bool,
    connection: Arc<Connection>,
}

impl Place {
    pub(super) fn connection(&self) -> &Arc<Connection> {
        &self.connection
    }

    /// Whether there are too many connections, so that this one gets a refusal.
    pub(super) fn is_extra(&self) -> bool {
        self.is_extra
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.house.remove(self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn house(connections: usize) -> Arc<House> {
        let second = Duration::from_secs(1);
        House::new(Limits { connections, header: second, body: second, idle: second })
    }

    #[test]
    fn wh_07_the_connection_that_is_idle_for_longest_makes_room() {
        let house = house(2);
        let first = house.admit().expect("a place");
        std::thread::sleep(Duration::from_millis(3));
        let second = house.admit().expect("a place");
        let third = house.admit().expect("a place");
        assert!(!third.is_extra());
        let rooms = house.rooms();
        let has = |place: &Place| rooms.regular.contains_key(&place.id);
        assert_eq!((has(&first), has(&second), has(&third)), (false, true, true));
    }

    #[test]
    fn wh_07_a_full_house_still_answers() {
        let house = house(1);
        let busy = house.admit().expect("a place");
        busy.connection().request_began(false);
        let extra: Vec<Place> = (0..EXTRA).map(|_| house.admit().expect("a place")).collect();
        assert!(extra.iter().all(Place::is_extra));
        // One more makes the oldest of them leave.
        assert!(house.admit().is_some_and(|place| place.is_extra()));
        for place in &extra {
            place.connection().request_began(false);
        }
        let last = house.admit().expect("a place");
        last.connection().request_began(false);
        assert!(house.admit().is_none(), "all of them are busy");
        drop(busy);
        assert!(house.admit().is_some_and(|place| !place.is_extra()), "there is a place again");
    }
}
