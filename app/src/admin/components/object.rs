//! Pages of single objects: header, facts, timeline and related objects.

mod frame;
mod notices;
mod timeline;

pub(crate) use frame::{Facts, Inspect, ObjectFrame, RelatedColumn, SectionTabs};
pub(crate) use notices::Notices;
pub(crate) use timeline::Timeline;
