use super::Fleet;
use crate::Id;
use reconcile::Trigger;

/// A request that comes while a drift is noted must not be taken for the drift, and the other way round.
#[test]
fn of_several_reasons_the_one_that_asks_for_the_most_stays() {
    let (fleet, id) = (Fleet::default(), Id::new("flux-system", "apps"));
    for (noted, stays) in [
        (vec![Trigger::Drift, Trigger::Request], Trigger::Request),
        (vec![Trigger::Request, Trigger::Drift], Trigger::Request),
        (vec![Trigger::Interval, Trigger::Drift], Trigger::Drift),
        (vec![Trigger::Drift, Trigger::Revision, Trigger::Dependency], Trigger::Revision),
        (vec![], Trigger::Interval),
    ] {
        for trigger in &noted {
            fleet.note_trigger(&id, trigger.clone());
        }
        assert_eq!(fleet.take_trigger(&id), stays, "{noted:?}");
        assert_eq!(fleet.take_trigger(&id), Trigger::Interval, "a note is used up");
    }
}
