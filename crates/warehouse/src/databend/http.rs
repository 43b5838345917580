//! Requests and answers over HTTP/1.1, encrypted where the URL says so.
//!
//! Not over `reqwest`: a client of it that can encrypt makes all clients of the program choose where certificates
//! come from, or panic. No redirection is followed: it would take the login elsewhere.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use hyper::{Request, StatusCode};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use uuid::Uuid;

use super::{DatabendError, DatabendOptions, arrow, tls};

/// A server that does not even take the connection is away.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How often a connection that says nothing is asked whether the other side is there.
const KEEP_ALIVE: Duration = Duration::from_secs(30);

/// A way to a server, and who asks; cheap to clone.
#[derive(Clone)]
pub(super) struct Http {
    client: Client<tls::Connector, Full<Bytes>>,
    login: HeaderValue,
}

/// What came back, to its end.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) is_arrow: bool,
    pub(super) body: Bytes,
}

impl Http {
    /// Makes a client; nothing is asked yet.
    pub(super) fn new(options: &DatabendOptions) -> Result<Self, DatabendError> {
        let mut connector = HttpConnector::new();
        connector.enforce_http(false);
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(CONNECT_TIMEOUT));
        connector.set_keepalive(Some(KEEP_ALIVE));
        let client = Client::builder(TokioExecutor::new()).build(tls::connector(options, connector)?);
        let login = STANDARD.encode(format!("{}:{}", options.user, options.password));
        let login = HeaderValue::try_from(format!("Basic {login}"));
        let mut login = login.map_err(|error| DatabendError::Misconfigured(error.to_string()))?;
        login.set_sensitive(true);
        Ok(Self { client, login })
    }

    /// Asks, and waits for all of the answer. What went wrong says itself, outside in.
    pub(super) async fn send(&self, mut request: Request<Full<Bytes>>, timeout: Duration) -> Result<Answer, String> {
        let headers = request.headers_mut();
        headers.insert(AUTHORIZATION, self.login.clone());
        if let Ok(id) = HeaderValue::try_from(Uuid::now_v7().to_string()) {
            headers.insert("x-databend-query-id", id);
        }
        let answering = async {
            let response = self.client.request(request).await.map_err(|error| causes(&error))?;
            let (head, body) = response.into_parts();
            let body = body.collect().await.map_err(|error| causes(&error))?;
            let is_arrow = head.headers.get(CONTENT_TYPE).is_some_and(|found| found == arrow::STREAM);
            Ok(Answer { status: head.status, is_arrow, body: body.to_bytes() })
        };
        let answered = tokio::time::timeout(timeout, answering).await;
        answered.map_err(|_| format!("no answer in {timeout:?}"))?
    }
}

/// Returns an error with what caused it, outside in.
fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let all = std::iter::successors(Some(error), |error| error.source());
    all.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
