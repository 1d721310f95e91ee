use super::{Queue, Urgency};
use std::time::Duration;
use tokio::time::timeout;

const MOMENT: Duration = Duration::from_millis(1);

#[tokio::test(start_paused = true)]
async fn urgent_work_comes_first_and_each_key_once() {
    let queue = Queue::default();
    queue.add("b", Urgency::Later);
    queue.add("a", Urgency::Later);
    queue.add("c", Urgency::Soon);
    queue.add("a", Urgency::Now);
    assert_eq!(queue.next().await, "a");
    assert_eq!(queue.next().await, "c");
    assert_eq!(queue.next().await, "b");
    assert!(timeout(MOMENT, queue.next()).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_key_added_during_its_work_runs_again_after_it() {
    let queue = Queue::default();
    queue.add("a", Urgency::Now);
    assert_eq!(queue.next().await, "a");
    queue.add("a", Urgency::Later);
    assert!(timeout(MOMENT, queue.next()).await.is_err(), "never two at once");
    queue.done(&"a");
    assert_eq!(queue.next().await, "a");
}

#[tokio::test(start_paused = true)]
async fn the_earlier_of_two_delays_wins_and_a_run_ends_the_delay() {
    let queue = Queue::default();
    queue.add_after("a", Duration::from_secs(60), Urgency::Later);
    queue.add_after("a", Duration::from_secs(1), Urgency::Later);
    assert_eq!(timeout(Duration::from_secs(2), queue.next()).await, Ok("a"));
    queue.done(&"a");
    assert!(timeout(Duration::from_secs(100), queue.next()).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_forgotten_key_is_not_handed_out() {
    let queue = Queue::default();
    queue.add("a", Urgency::Now);
    queue.add_after("a", Duration::from_secs(1), Urgency::Now);
    queue.forget(&"a");
    assert!(timeout(Duration::from_secs(5), queue.next()).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_had_nothing_to_do_does_not_use_up_the_delay() {
    let queue = Queue::default();
    queue.add_after("a", Duration::from_secs(60), Urgency::Later);
    tokio::time::advance(Duration::from_secs(20)).await;
    queue.add("a", Urgency::Now);
    assert_eq!(queue.next().await, "a");
    assert!(queue.resume_delay(&"a"));
    queue.done(&"a");
    assert!(timeout(Duration::from_secs(39), queue.next()).await.is_err());
    assert_eq!(timeout(Duration::from_secs(2), queue.next()).await, Ok("a"));
    assert!(!queue.resume_delay(&"a"), "this turn is the one that the delay was for");
}
