//! A checked event whose user is not known yet.

use schema::{Decimal, Event, EventId, Identity, Payload, Text, Timestamp, UserId};
use serde_json::value::RawValue;
use service::problem::Fault;
use uuid::Uuid;

use super::columns::{self, Required};
use super::fault::FaultCode;
use super::limits::{MAX_ACTIVITY_TYPE_BYTES, MAX_LABEL_BYTES, MAX_REFERENCE_BYTES, MAX_URL_BYTES};
use super::object::Object;
use super::payload::Lifted;

/// An event as a source sent it: checked, its columns lifted, its user not known yet.
#[derive(Clone, PartialEq, Debug)]
pub struct SentEvent {
    /// Who did it, in the source's words.
    pub identity: Identity,
    /// The event's own id; made new when the source gave none.
    pub event_id: EventId,
    /// Where the user was.
    pub region: Option<Text>,
    /// Where the user was.
    pub country: Option<Text>,
    /// What the user held.
    pub device_type: Option<Text>,
    /// When it happened, says the source.
    pub created_at: Timestamp,
    /// What kind of thing happened.
    pub activity_type: Text,
    /// Lifted out of the payload.
    pub url: Option<Text>,
    /// Lifted out of the payload.
    pub element_id: Option<Text>,
    /// Lifted out of the payload.
    pub order_id: Option<Text>,
    /// Lifted out of the payload.
    pub order_total: Option<Decimal>,
    /// As it was sent.
    pub payload: Payload,
    /// How many top-level keys were skipped because this version does not know them.
    pub unknown_keys: u64,
}

impl SentEvent {
    /// Makes it an event of that user.
    pub fn of_user(self, user_id: UserId, received_at: Timestamp) -> Event {
        Event {
            event_id: self.event_id,
            user_id,
            activity_type: self.activity_type,
            region: self.region,
            country: self.country,
            device_type: self.device_type,
            url: self.url,
            element_id: self.element_id,
            order_id: self.order_id,
            order_total: self.order_total,
            created_at: self.created_at,
            received_at,
            payload: self.payload,
        }
    }
}

/// Reads one event; `now` is its `created_at` when it has none.
///
/// Returns every fault that can be told apart from the others, at least one.
pub fn parse(text: &str, now: Timestamp) -> Result<SentEvent, Vec<Fault>> {
    let object = Object::read(text).map_err(|fault| vec![fault])?;
    let mut faults = Faults(object.duplicates.iter().map(|key| duplicate(key)).collect());
    let payload = faults.keep(payload_of(&object));
    let lifted = payload.and_then(|raw| faults.keep(Lifted::read(raw)));
    let columns = lifted.as_ref().map(|lifted| LiftedColumns::read(lifted, &mut faults));
    let id = faults.keep(columns::id(object.id));
    let kind = faults.keep(columns::id_type(object.id_type));
    let event_id = faults.keep(columns::event_id(object.event_id));
    let created_at = faults.keep(columns::created_at(object.created_at, now));
    let mut label = |field, raw| faults.keep(columns::column(field, raw, MAX_LABEL_BYTES)).flatten();
    let region = label("region", object.region);
    let country = label("country", object.country);
    let device_type = label("device_type", object.device_type);
    let complete = (id, kind, event_id, created_at, payload, columns);
    let (Some(value), Some(kind), Some(event_id), Some(created_at), Some(payload), Some(columns)) = complete else {
        return Err(faults.0);
    };
    if !faults.0.is_empty() {
        return Err(faults.0);
    }
    Ok(SentEvent {
        identity: Identity { kind, value },
        event_id: event_id.unwrap_or_else(|| EventId(Uuid::now_v7())),
        region,
        country,
        device_type,
        created_at,
        activity_type: columns.activity_type,
        url: columns.url,
        element_id: columns.element_id,
        order_id: columns.order_id,
        order_total: columns.order_total,
        payload: Payload::new(payload.to_owned()),
        unknown_keys: object.unknown_keys,
    })
}

fn duplicate(key: &str) -> Fault {
    FaultCode::DuplicateKey.of(key, "stands twice")
}

fn payload_of<'a>(object: &Object<'a>) -> Result<&'a RawValue, Fault> {
    object
        .payload
        .filter(|raw| raw.get() != "null")
        .ok_or_else(|| FaultCode::MissingPayload.of("payload", "is missing"))
}

/// Collects faults, so that one does not hide the next.
struct Faults(Vec<Fault>);

impl Faults {
    fn keep<T>(&mut self, result: Result<T, Fault>) -> Option<T> {
        result.map_err(|fault| self.0.push(fault)).ok()
    }
}

/// The typed columns of a payload; whatever had a fault is empty.
struct LiftedColumns {
    activity_type: Text,
    url: Option<Text>,
    element_id: Option<Text>,
    order_id: Option<Text>,
    order_total: Option<Decimal>,
}

impl LiftedColumns {
    fn read(lifted: &Lifted<'_>, faults: &mut Faults) -> Self {
        const ACTIVITY_TYPE: Required = Required {
            missing: FaultCode::MissingActivityType,
            not_text: FaultCode::ActivityTypeNotText,
            empty: FaultCode::EmptyActivityType,
            too_long: FaultCode::ActivityTypeTooLong,
            max_bytes: MAX_ACTIVITY_TYPE_BYTES,
        };
        let activity_type = columns::required("payload.activity_type", lifted.activity_type, &ACTIVITY_TYPE);
        let mut column = |field, raw, max_bytes| faults.keep(columns::column(field, raw, max_bytes)).flatten();
        let url = column("payload.url", lifted.url, MAX_URL_BYTES);
        let element_id = column("payload.element_id", lifted.element_id, MAX_REFERENCE_BYTES);
        let order_id = column("payload.order_id", lifted.order_id, MAX_REFERENCE_BYTES);
        Self {
            activity_type: faults.keep(activity_type).map(Text::from).unwrap_or_default(),
            url,
            element_id,
            order_id,
            order_total: faults.keep(columns::order_total(lifted.order_total)).flatten(),
        }
    }
}
