//! Pages of single objects: header, facts, timeline and related objects.

mod frame;
mod timeline;

pub(crate) use frame::{Facts, Inspect, ObjectFrame, RelatedColumn};
pub(crate) use timeline::Timeline;
