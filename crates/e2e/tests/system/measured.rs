//! What a running process says of itself to Prometheus.

use crate::start;

#[tokio::test(flavor = "multi_thread")]
async fn the_figures_say_which_service_they_are_of() {
    let system = start().await;
    for url in &system.process().places().metrics {
        let text = system.http().get(url).send().await.unwrap().text().await.unwrap();
        let target = text.lines().find(|line| line.starts_with("target_info{"));
        assert!(target.is_some_and(|line| line.contains(r#"service_name="shoal""#)), "{url}: {target:?}");
    }
}
