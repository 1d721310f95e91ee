//! Trying again what may succeed later.

use crate::ApiError;
use std::future::Future;
use std::time::Duration;
use tokio::time::Instant;

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
const MOST_TRIES: u32 = 8;

/// Sends a request until it succeeds, fails for good, or `limit` is over. A busy server's own wish for a pause is
/// honoured; else the pause doubles from 0.1 s to 10 s.
pub(super) async fn with_retries<T, F>(
    limit: Duration,
    mut send: impl FnMut() -> F,
) -> Result<T, ApiError>
where
    F: Future<Output = Result<T, ApiError>>,
{
    let deadline = Instant::now() + limit;
    let mut pause = FIRST_PAUSE;
    let mut tries = 0;
    loop {
        let error = match send().await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        tries += 1;
        let asked = match &error {
            ApiError::Refused { retry_after, .. } => *retry_after,
            _ => None,
        };
        let wait = asked.unwrap_or(pause);
        if !error.is_temporary() || tries >= MOST_TRIES || Instant::now() + wait >= deadline {
            return Err(error);
        }
        tokio::time::sleep(wait).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

#[cfg(test)]
mod tests;
