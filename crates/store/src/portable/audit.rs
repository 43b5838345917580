//! The audit: one row per change of a definition, in the transaction that makes the change.

use schema::Timestamp;

use super::{Backend, Connection};
use crate::sql_error::damaged;
use crate::{Actor, AuditAction, AuditEntry, AuditSubject, StoreError};

/// What is written; its id comes from the table.
pub(super) struct NewEntry<'a> {
    pub(super) at: Timestamp,
    pub(super) actor: &'a Actor,
    pub(super) action: AuditAction,
    pub(super) subject: AuditSubject,
    pub(super) subject_id: i64,
    pub(super) detail: serde_json::Value,
}

pub(super) async fn insert(connection: &mut Connection, entry: NewEntry<'_>) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO audit (at, actor, action, subject, subject_id, detail) VALUES ($1, $2, $3, $4, $5, $6)")
        .bind(entry.at.as_micros())
        .bind(&entry.actor.0)
        .bind(entry.action.as_str())
        .bind(entry.subject.as_str())
        .bind(entry.subject_id)
        .bind(entry.detail.to_string())
        .execute(connection)
        .await?;
    Ok(())
}

#[derive(sqlx::FromRow)]
struct Row {
    audit_id: i64,
    at: i64,
    actor: String,
    action: String,
    subject: String,
    subject_id: i64,
    detail: String,
}

impl Backend {
    pub(super) async fn audit_before(&self, before: Option<i64>, limit: u32) -> Result<Vec<AuditEntry>, StoreError> {
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT audit_id, at, actor, action, subject, subject_id, detail FROM audit \
             WHERE audit_id < $1 ORDER BY audit_id DESC LIMIT $2",
        )
        .bind(before.unwrap_or(i64::MAX))
        .bind(i64::from(limit))
        .fetch_all(self.readers())
        .await?;
        rows.into_iter().map(AuditEntry::try_from).collect()
    }
}

impl TryFrom<Row> for AuditEntry {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let action = AuditAction::ALL.into_iter().find(|action| action.as_str() == row.action);
        let subject = AuditSubject::ALL.into_iter().find(|subject| subject.as_str() == row.subject);
        Ok(Self {
            audit_id: row.audit_id,
            at: Timestamp::from_micros(row.at),
            actor: Actor(row.actor),
            action: action.ok_or_else(|| damaged("audit action", &row.action))?,
            subject: subject.ok_or_else(|| damaged("audit subject", &row.subject))?,
            subject_id: row.subject_id,
            detail: serde_json::from_str(&row.detail).map_err(|error| damaged("audit detail", error))?,
        })
    }
}
