//! Users and identities: resolution, clientRefId, erasure.

use schema::{Identity, IdentityKind, LogPosition, Mark, PartitionId, StoreLineage, UserId};

use crate::{ConflictField, IdentityRemoval, Store, StoreError, UserProfile};

fn cookie(value: impl Into<String>) -> Identity {
    Identity { kind: IdentityKind::Cookie, value: value.into() }
}

fn named(client_ref_id: &str) -> UserProfile {
    UserProfile { client_ref_id: Some(client_ref_id.to_owned()), ..UserProfile::default() }
}

async fn create(store: &dyn Store, identities: &[Identity]) -> Result<Vec<UserId>, StoreError> {
    let resolved = store.resolve_identities(identities, true).await?;
    assert_eq!(resolved.len(), identities.len());
    let user_ids: Vec<_> = resolved.into_iter().flatten().collect();
    assert_eq!(user_ids.len(), identities.len(), "an unknown identity makes a user");
    assert!(user_ids.iter().all(|user_id| user_id.0 > 0));
    Ok(user_ids)
}

/// Known and unknown ones, in any mixture and number, each at its own place.
pub async fn identities_resolve_in_the_order_asked(store: &dyn Store) -> Result<(), StoreError> {
    let identities: Vec<_> = (0..2_500).map(|number| cookie(format!("c{number}"))).collect();
    assert!(store.resolve_identities(&identities, false).await?.iter().all(Option::is_none));
    let user_ids = create(store, &identities[..1_200]).await?;
    assert!(user_ids.is_sorted(), "ids ascend in the order asked");
    let all = create(store, &identities).await?;
    assert_eq!(all[..1_200], user_ids);
    let reversed: Vec<_> = identities.iter().rev().cloned().collect();
    let found = store.resolve_identities(&reversed, false).await?;
    assert!(found.into_iter().rev().eq(all.into_iter().map(Some)));
    let other_kind = Identity { kind: IdentityKind::DeviceId, value: "c1".to_owned() };
    let other_case = cookie("C1");
    assert_eq!(store.resolve_identities(&[other_kind, other_case], false).await?, [None, None]);
    assert_eq!(store.resolve_identities(&[], true).await?, []);
    Ok(())
}

/// The same identity twice in a batch is one person.
pub async fn equal_identities_make_one_user(store: &dyn Store) -> Result<(), StoreError> {
    let user_ids = create(store, &[cookie("a"), cookie("b"), cookie("a")]).await?;
    assert_eq!(user_ids[0], user_ids[2]);
    assert_ne!(user_ids[0], user_ids[1]);
    assert_eq!(store.users(None, 10).await?.len(), 2);
    Ok(())
}

/// An erased user's id stays its own; its identity makes somebody new.
pub async fn an_id_is_never_used_again(store: &dyn Store) -> Result<(), StoreError> {
    let mut last = UserId(0);
    assert_eq!(store.greatest_user_id().await?, None);
    for _ in 0..5 {
        let user_id = create(store, &[cookie("a")]).await?[0];
        assert!(user_id > last, "{user_id} after {last}");
        assert_eq!(store.greatest_user_id().await?, Some(user_id));
        last = user_id;
        assert!(store.erase_user(user_id).await?.is_some());
        assert_eq!(store.greatest_user_id().await?, Some(user_id), "an erased user was there");
    }
    Ok(())
}

/// Which installation a store belongs to is said at every start; the last word stands.
pub async fn the_lineage_is_what_was_said_last(store: &dyn Store) -> Result<(), StoreError> {
    assert_eq!(store.lineage().await?, None);
    let mark = |name: &str| Some(Mark(name.to_owned()));
    for (installation, starts, confirmed, pending) in
        [(7, 1, None, mark("a")), (7, 2, mark("a"), mark("b")), (8, u64::from(u32::MAX) + 1, mark("b"), None)]
    {
        let installation = uuid::Uuid::from_u128(installation);
        let lineage = StoreLineage { installation, starts, confirmed, pending };
        store.set_lineage(&lineage).await?;
        assert_eq!(store.lineage().await?, Some(lineage));
    }
    Ok(())
}

/// A clientRefId is an identity, of one user, and a user has one.
pub async fn a_client_ref_id_names_one_user(store: &dyn Store) -> Result<(), StoreError> {
    let mut removed = store.identities_removed();
    let ann = store.create_user(&named("u1")).await?;
    let bob = store.create_user(&named("u2")).await?;
    let identity = |value: &str| Identity { kind: IdentityKind::ClientRefId, value: value.to_owned() };
    assert_eq!(create(store, &[identity("u1")]).await?, [ann.user_id]);
    assert_eq!(store.user_by_client_ref_id("u2").await?, Some(bob.clone()));

    for refused in [store.create_user(&named("u1")).await.map(Some), store.update_user(bob.user_id, &named("u1")).await]
    {
        assert!(matches!(refused, Err(StoreError::Conflict(ConflictField::ClientRefId))), "got {refused:?}");
    }
    assert_eq!(store.user(bob.user_id).await?, Some(bob.clone()), "a refused update changes nothing");

    store.update_user(bob.user_id, &named("u3")).await?;
    assert_eq!(store.resolve_identities(&[identity("u2"), identity("u3")], false).await?, [None, Some(bob.user_id)]);
    assert_eq!(
        removed.try_recv().ok(),
        Some(IdentityRemoval::OfUser(bob.user_id)),
        "caches hear of the identity that is gone"
    );
    store.update_user(bob.user_id, &UserProfile { email: Some("b@example.org".to_owned()), ..named("u3") }).await?;
    assert!(removed.try_recv().is_err(), "nothing was lost");
    assert_eq!(store.update_user(UserId(999), &named("u9")).await?, None);
    Ok(())
}

/// Gone at once, pending until its place in the log is noted, the same when asked again.
pub async fn an_erased_user_is_gone_and_waits_in_the_outbox(store: &dyn Store) -> Result<(), StoreError> {
    let mut removed = store.identities_removed();
    let user = store.create_user(&named("u1")).await?;
    assert_eq!(store.erase_user(UserId(999)).await?, None);
    assert_eq!(store.count_erasures().await?, 0);
    let erasure = store.erase_user(user.user_id).await?;
    assert_eq!(store.count_erasures().await?, 1);
    assert_eq!(erasure.map(|erasure| (erasure.user_id, erasure.recorded)), Some((user.user_id, None)));
    assert_eq!(removed.try_recv().ok(), Some(IdentityRemoval::OfUser(user.user_id)));
    assert_eq!(store.user(user.user_id).await?, None);
    assert_eq!(store.user_by_client_ref_id("u1").await?, None);
    assert_eq!(store.erase_user(user.user_id).await?, erasure);
    assert_eq!(store.pending_erasures(10).await?, Vec::from_iter(erasure));

    let position = LogPosition { partition: PartitionId(3), offset: 77 };
    let recorded = store.record_erasure(user.user_id, position).await?;
    assert_eq!(recorded.and_then(|erasure| erasure.recorded).map(|(position, _)| position), Some(position));
    let later = LogPosition { offset: 99, ..position };
    assert_eq!(store.record_erasure(user.user_id, later).await?, recorded, "the first position stays");
    assert_eq!(store.pending_erasures(10).await?, []);
    assert_eq!(store.erase_user(user.user_id).await?, recorded);
    assert_eq!(store.count_erasures().await?, 1, "one that is recorded, or asked for again, is one");
    Ok(())
}

/// Pages follow each other without a gap.
pub async fn users_are_paged_in_order(store: &dyn Store) -> Result<(), StoreError> {
    let user_ids = create(store, &(0..5).map(|number| cookie(format!("c{number}"))).collect::<Vec<_>>()).await?;
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let page = store.users(after, 2).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.user_id);
        seen.extend(page.iter().map(|user| user.user_id));
    }
    assert_eq!(seen, user_ids);
    Ok(())
}
