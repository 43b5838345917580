//! The same system with its store on a Postgres server.

use std::process::{Command, Output};

use e2e::system::{System, eventually};
use reqwest::StatusCode;
use serde_json::{Value, json};
use testkit::servers::{Postgres, PostgresSettings, or_not_run};

use crate::{SHOAL, event};

async fn post(system: &System, event: &Value) -> anyhow::Result<StatusCode> {
    let url = format!("{}/api/v1/events", system.process().places().ingestion);
    Ok(system.http().post(url).json(event).send().await?.status())
}

fn verify(url: &str) -> Output {
    Command::new(SHOAL).args(["store", "verify"]).env("STORE_URL", url).output().unwrap()
}

#[tokio::test]
async fn everything_works_with_the_store_on_postgres_also_after_its_restart() {
    let Some(mut server) = or_not_run(Postgres::start(&PostgresSettings::default())) else { return };
    let url = server.database();
    let environment = [("STORE_URL", url.as_str()), ("STORE_ACQUIRE_TIMEOUT_MS", "500")];
    let system = System::start_with(SHOAL, &environment).await.unwrap();
    let viewers = system.create("viewers", "count(*) >= 2").await.unwrap();
    let [ana, ben] = ["ana", "ben"].map(|id| event(id, "page_viewed", &json!({})));
    assert_eq!(post(&system, &ana).await.unwrap(), StatusCode::ACCEPTED);
    assert_eq!(system.size(viewers).await.unwrap(), 0);

    server.stop().unwrap();
    assert_eq!(post(&system, &ana).await.unwrap(), StatusCode::ACCEPTED, "who is known passes while it is away");
    assert_eq!(post(&system, &ben).await.unwrap(), StatusCode::SERVICE_UNAVAILABLE, "who is not must come again");
    server.resume().unwrap();
    for _ in 0..2 {
        let accepted = eventually("an unknown identity is accepted", || async {
            Ok((post(&system, &ben).await? == StatusCode::ACCEPTED).then_some(()))
        });
        accepted.await.unwrap();
    }
    assert_eq!(system.size(viewers).await.unwrap(), 2, "the change that was published meanwhile is projected");

    let output = verify(&url);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "0 wrong sizes\n");
}

#[tokio::test]
async fn sizes_that_somebody_changed_are_told_and_repaired() {
    let Some(server) = or_not_run(Postgres::shared()) else { return };
    let url = server.database();
    let output = Command::new(SHOAL).arg("migrate").env("STORE_URL", &url).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    server.execute(&url, "INSERT INTO segment_sizes (segment_id, user_count) VALUES (7, 3)").unwrap();
    let output = verify(&url);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(told, "segment 7: told 3 members, but it has 0\n1 wrong sizes\n");
    let repaired = Command::new(SHOAL).args(["store", "verify", "--repair"]).env("STORE_URL", &url).output().unwrap();
    assert!(repaired.status.success(), "{repaired:?}");
    assert!(verify(&url).status.success());
}
