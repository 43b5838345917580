//! Brokers that go away in the middle, and come back.

use std::time::Duration;

use bus::EventLog as _;
use bus::kafka::{KafkaLog, KafkaOptions};
use schema::UserId;
use testkit::servers::{Kafka, KafkaSettings, or_not_run};
use tokio::sync::watch;

use crate::counting::{self, Tally, event};
use crate::installed::OnKafka;

const USERS: u64 = 40;
const EVENTS: u64 = 400;

/// Appends each event once; returns how many the log did not acknowledge, of which it may hold some.
async fn append(log: KafkaLog) -> u64 {
    let mut refused = 0;
    for number in 0..EVENTS {
        let user_id = UserId(i64::try_from(1 + number % USERS).unwrap());
        if let Err(error) = log.append(vec![event(user_id, number)]).await {
            assert!(error.retryable(), "{error}");
            refused += 1;
        }
        tokio::time::sleep(Duration::from_millis(15)).await;
    }
    refused
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_was_away_is_waited_for() {
    let Some(mut kafka) = or_not_run(Kafka::start(&KafkaSettings::default())) else { return };
    let installed = OnKafka::on(&kafka);
    let log = installed.log().await;
    let (stop, stopped) = watch::channel(false);
    let counting_log = installed.log().await;
    let tally: &'static Tally = Box::leak(Box::default());
    let counting = tokio::spawn(async move { counting::count(counting_log.ownership(), tally, stopped).await });
    let appending = tokio::spawn(append(log.clone()));
    tokio::time::sleep(Duration::from_secs(2)).await;
    let kafka = tokio::task::spawn_blocking(move || {
        kafka.stop().unwrap();
        kafka.resume().unwrap();
        kafka
    });
    let kafka = kafka.await.unwrap();
    let refused = appending.await.unwrap();
    let counts = counting::check(&log, Duration::from_secs(90)).await;
    let appended: u64 = counts.values().sum();
    assert!(appended >= EVENTS - refused && appended <= EVENTS, "{appended} appended, {refused} refused");
    stop.send(true).unwrap();
    counting.await.unwrap();
    drop(kafka);
}

#[tokio::test(flavor = "multi_thread")]
async fn appends_to_a_broker_that_stays_away_are_refused_in_time() {
    let Some(mut kafka) = or_not_run(Kafka::start(&KafkaSettings::default())) else { return };
    let installed = OnKafka::on(&kafka);
    let options = KafkaOptions { delivery_timeout: Duration::from_secs(3), ..installed.options.clone() };
    let log = KafkaLog::open(options).await.unwrap();
    log.append(vec![event(UserId(1), 1)]).await.unwrap();
    kafka.stop().unwrap();
    let appended = tokio::time::timeout(Duration::from_secs(20), log.append(vec![event(UserId(1), 2)])).await;
    let refused = appended.expect("it is answered").unwrap_err();
    assert!(refused.retryable(), "{refused}");
    kafka.resume().unwrap();
    let again = async { while log.append(vec![event(UserId(1), 3)]).await.is_err() {} };
    tokio::time::timeout(Duration::from_secs(60), again).await.expect("it goes on by itself");
}
