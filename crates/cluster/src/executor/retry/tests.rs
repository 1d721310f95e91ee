use super::with_retries;
use crate::ApiError;
use std::cell::Cell;
use std::time::Duration;
use tokio::time::Instant;

fn refusal(code: u16, retry_after: Option<Duration>) -> ApiError {
    ApiError::Refused {
        code,
        reason: String::new(),
        message: String::new(),
        causes: Vec::new(),
        retry_after,
    }
}

#[tokio::test(start_paused = true)]
async fn a_busy_server_is_tried_again_when_it_asked_for_it() {
    let tries = Cell::new(0);
    let start = Instant::now();
    let answer = with_retries(Duration::from_secs(60), || {
        tries.set(tries.get() + 1);
        let busy = tries.get() < 3;
        async move { if busy { Err(refusal(429, Some(Duration::from_secs(4)))) } else { Ok(7) } }
    })
    .await;
    assert_eq!(answer.unwrap(), 7);
    assert_eq!(tries.get(), 3);
    assert_eq!(start.elapsed(), Duration::from_secs(8));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_for_good_is_not_repeated() {
    let tries = Cell::new(0);
    let answer: Result<(), _> = with_retries(Duration::from_secs(60), || {
        tries.set(tries.get() + 1);
        async { Err(refusal(422, None)) }
    })
    .await;
    assert_eq!(answer.unwrap_err().code(), 422);
    assert_eq!(tries.get(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_limit_ends_the_trying() {
    let start = Instant::now();
    let answer: Result<(), _> =
        with_retries(Duration::from_secs(3), || async { Err(refusal(503, None)) }).await;
    assert_eq!(answer.unwrap_err().code(), 503);
    assert!(start.elapsed() < Duration::from_secs(3));
}
