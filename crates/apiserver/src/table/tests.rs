//! Cells as Kubernetes' printers write them.

use super::*;
use jiff::{SignedDuration, Timestamp};
use object::from_json;

fn now() -> Timestamp {
    "2026-05-01T12:00:00Z".parse().unwrap()
}

fn json(text: &str) -> Value {
    from_json(text.as_bytes()).expect("a JSON text")
}

/// The cells of one object, joined with ` | `.
fn cells(group: &str, kind: &str, object: &str) -> String {
    let table = table(
        &Printer::built_in(group, kind),
        Value::map(),
        [&json(object)],
        TableOptions { include: Include::None, headers: true },
        now(),
    );
    let rows = table.get("rows").and_then(Value::as_list).unwrap();
    let cells = rows[0].get("cells").and_then(Value::as_list).unwrap();
    let columns = table.get("columnDefinitions").and_then(Value::as_list).unwrap();
    assert_eq!(cells.len(), columns.len(), "a cell for each column");
    cells.iter().map(show).collect::<Vec<_>>().join(" | ")
}

fn show(cell: &Value) -> String {
    match cell {
        Value::String(s) => s.to_string(),
        other => String::from_utf8(object::to_json(other)).unwrap(),
    }
}

#[test]
fn durations_have_two_or_three_figures() {
    let cases = [
        (-2, "<invalid>"),
        (-1, "0s"),
        (0, "0s"),
        (119, "119s"),
        (120, "2m"),
        (125, "2m5s"),
        (599, "9m59s"),
        (600, "10m"),
        (3600 * 3 - 1, "179m"),
        (3600 * 3, "3h"),
        (3600 * 3 + 60, "3h1m"),
        (3600 * 8, "8h"),
        (3600 * 47, "47h"),
        (3600 * 48, "2d"),
        (3600 * 49, "2d1h"),
        (86400 * 8, "8d"),
        (86400 * 729, "729d"),
        (86400 * 730, "2y"),
        (86400 * 735, "2y5d"),
        (86400 * 365 * 8, "8y"),
    ];
    for (seconds, text) in cases {
        assert_eq!(human_duration(SignedDuration::from_secs(seconds)), text, "{seconds} s");
    }
    assert_eq!(human_duration(SignedDuration::from_millis(-1999)), "0s");
}

#[test]
fn a_running_pod() {
    let pod = r#"{"metadata":{"name":"web-1","creationTimestamp":"2026-05-01T11:55:00Z"},
      "spec":{"nodeName":"n1","containers":[{"name":"a"},{"name":"b"}],
              "readinessGates":[{"conditionType":"x"},{"conditionType":"y"}]},
      "status":{"phase":"Running","podIPs":[{"ip":"10.0.0.7"}],
        "conditions":[{"type":"x","status":"True"}],
        "containerStatuses":[
          {"name":"a","ready":true,"restartCount":2,"state":{"running":{}},
           "lastState":{"terminated":{"finishedAt":"2026-05-01T11:59:00Z"}}},
          {"name":"b","ready":false,"restartCount":1,"state":{"running":{}}}]}}"#;
    assert_eq!(
        cells("", "Pod", pod),
        "web-1 | 1/2 | Running | 3 (60s ago) | 5m | 10.0.0.7 | n1 | <none> | 1/2"
    );
}

#[test]
fn what_a_pod_waits_for_is_its_status() {
    let status = |status: &str| {
        let pod = format!(
            r#"{{"metadata":{{"name":"p"}},"spec":{{"containers":[{{"name":"a"}}],
                "initContainers":[{{"name":"i"}},{{"name":"s","restartPolicy":"Always"}}]}},
                "status":{status}}}"#
        );
        let cells = cells("", "Pod", &pod);
        cells.split(" | ").skip(1).take(3).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(
        status(
            r#"{"phase":"Pending","containerStatuses":[{"state":{"waiting":{"reason":"ImagePullBackOff"}}}]}"#
        ),
        "0/2 ImagePullBackOff 0"
    );
    assert_eq!(
        status(
            r#"{"phase":"Pending","initContainerStatuses":[{"name":"i","restartCount":3,"state":{"terminated":{"exitCode":1}}}]}"#
        ),
        "0/2 Init:ExitCode:1 3"
    );
    assert_eq!(
        status(
            r#"{"phase":"Pending","initContainerStatuses":[
            {"name":"i","state":{"terminated":{"exitCode":0}}},
            {"name":"s","state":{"waiting":{"reason":"PodInitializing"}}}]}"#
        ),
        "0/2 Init:1/2 0"
    );
    assert_eq!(
        status(
            r#"{"phase":"Running","initContainerStatuses":[
            {"name":"i","restartCount":4,"state":{"terminated":{"exitCode":0}}},
            {"name":"s","restartCount":1,"started":true,"ready":true,"state":{"running":{}}}],
            "containerStatuses":[{"ready":true,"restartCount":1,"state":{"running":{}}}]}"#
        ),
        "2/2 Running 2"
    );
    assert_eq!(
        status(
            r#"{"phase":"Succeeded","containerStatuses":[{"state":{"terminated":{"exitCode":0,"reason":"Completed"}}}]}"#
        ),
        "0/2 Completed 0"
    );
    assert_eq!(status(r#"{"phase":"Failed","reason":"Evicted"}"#), "0/2 Evicted 0");
    assert_eq!(
        status(
            r#"{"phase":"Running","containerStatuses":[{"state":{"terminated":{"signal":9}}}]}"#
        ),
        "0/2 Signal:9 0"
    );
}

#[test]
fn a_finished_pod_is_completed_and_a_deleted_one_terminates() {
    let pod = json(r#"{"metadata":{"name":"p"},"status":{"phase":"Failed"}}"#);
    let out =
        table(&Printer::built_in("", "Pod"), Value::map(), [&pod], TableOptions::default(), now());
    let row = &out.get("rows").and_then(Value::as_list).unwrap()[0];
    let condition = &row.get("conditions").and_then(Value::as_list).unwrap()[0];
    assert_eq!(condition.get("reason").and_then(Value::as_str), Some("Failed"));
    assert_eq!(row.at(["object", "kind"]).and_then(Value::as_str), Some("PartialObjectMetadata"));

    let deleted = r#"{"metadata":{"name":"p","deletionTimestamp":"2026-05-01T12:00:00Z"},
        "status":{"phase":"Running"}}"#;
    assert!(cells("", "Pod", deleted).starts_with("p | 0/0 | Terminating | 0 | <unknown>"));
}

#[test]
fn workloads() {
    let template = r#""selector":{"matchLabels":{"b":"2","a":"1"},
        "matchExpressions":[{"key":"t","operator":"In","values":["y","x"]},{"key":"n","operator":"DoesNotExist"}]},
        "template":{"spec":{"nodeSelector":{"disk":"ssd"},"containers":[{"name":"c","image":"i:1"},{"name":"d","image":"j:2"}]}}"#;
    let of = |status: &str| {
        format!(
            r#"{{"metadata":{{"name":"w"}},"spec":{{"replicas":3,{template}}},"status":{status}}}"#
        )
    };
    assert_eq!(
        cells(
            "apps",
            "Deployment",
            &of(r#"{"readyReplicas":1,"updatedReplicas":2,"availableReplicas":1}"#)
        ),
        "w | 1/3 | 2 | 1 | <unknown> | c,d | i:1,j:2 | a=1,b=2,!n,t in (x,y)"
    );
    assert_eq!(
        cells("apps", "ReplicaSet", &of(r#"{"replicas":2,"readyReplicas":1}"#)),
        "w | 3 | 2 | 1 | <unknown> | c,d | i:1,j:2 | a=1,b=2,!n,t in (x,y)"
    );
    assert_eq!(cells("apps", "StatefulSet", &of("{}")), "w | 0/3 | <unknown> | c,d | i:1,j:2");
    assert_eq!(
        cells("apps", "DaemonSet", &of(r#"{"desiredNumberScheduled":2,"numberReady":1}"#)),
        "w | 2 | 0 | 1 | 0 | 0 | disk=ssd | <unknown> | c,d | i:1,j:2 | a=1,b=2,!n,t in (x,y)"
    );
}

#[test]
fn jobs_and_their_schedules() {
    let job = |spec: &str, status: &str| {
        let job =
            format!(r#"{{"metadata":{{"name":"j"}},"spec":{{{spec}}},"status":{{{status}}}}}"#);
        cells("batch", "Job", &job).split(" | ").skip(1).take(3).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(job(r#""completions":2"#, r#""succeeded":1"#), "Running 1/2 ");
    assert_eq!(
        job(r#""parallelism":3"#, r#""startTime":"2026-05-01T11:59:00Z""#),
        "Running 0/1 of 3 60s"
    );
    assert_eq!(
        job(
            r#""completions":1"#,
            r#""startTime":"2026-05-01T11:00:00Z","completionTime":"2026-05-01T11:00:05Z",
               "succeeded":1,"conditions":[{"type":"Complete","status":"True"}]"#
        ),
        "Complete 1/1 5s"
    );
    assert_eq!(job("", r#""conditions":[{"type":"Failed","status":"True"}]"#), "Failed 0/1 ");
    assert_eq!(job("", r#""conditions":[{"type":"Suspended","status":"True"}]"#), "Suspended 0/1 ");
    let cron = r#"{"metadata":{"name":"c"},"spec":{"schedule":"*/5 * * * *","suspend":false},
        "status":{"active":[{"name":"x"}],"lastScheduleTime":"2026-05-01T11:55:00Z"}}"#;
    assert_eq!(
        cells("batch", "CronJob", cron),
        "c | */5 * * * * | <none> | False | 1 | 5m | <unknown> |  |  | <none>"
    );
}

#[test]
fn services_and_endpoints() {
    let service =
        |spec: &str| cells("", "Service", &format!(r#"{{"metadata":{{"name":"s"}},{spec}}}"#));
    assert_eq!(
        service(
            r#""spec":{"type":"ClusterIP","clusterIP":"10.0.0.1","clusterIPs":["10.0.0.1"],
            "ports":[{"port":80,"protocol":"TCP"},{"port":53,"nodePort":30053,"protocol":"UDP"}],"selector":{"a":"b"}}"#
        ),
        "s | ClusterIP | 10.0.0.1 | <none> | 80/TCP,53:30053/UDP | <unknown> | a=b"
    );
    assert_eq!(
        service(r#""spec":{"type":"LoadBalancer","clusterIPs":["10.0.0.1"]}"#),
        "s | LoadBalancer | 10.0.0.1 | <pending> | <none> | <unknown> | <none>"
    );
    assert_eq!(
        service(
            r#""spec":{"type":"LoadBalancer","externalIPs":["9.9.9.9"]},
            "status":{"loadBalancer":{"ingress":[{"ip":"2.2.2.2"},{"hostname":"lb"}]}}"#
        ),
        "s | LoadBalancer | <none> | 2.2.2.2,lb,9.9.9.9 | <none> | <unknown> | <none>"
    );
    assert_eq!(
        service(r#""spec":{"type":"ExternalName","externalName":"example.org"}"#),
        "s | ExternalName | <none> | example.org | <none> | <unknown> | <none>"
    );
    let endpoints = r#"{"metadata":{"name":"e"},"subsets":[
        {"addresses":[{"ip":"1.1.1.1"},{"ip":"::1"}],"ports":[{"port":80},{"port":81}]}]}"#;
    assert_eq!(
        cells("", "Endpoints", endpoints),
        "e | 1.1.1.1:80,[::1]:80,1.1.1.1:81 + 1 more... | <unknown>"
    );
    let slice = r#"{"metadata":{"name":"e"},"addressType":"IPv4","ports":[{"port":80},{"name":"x"},{}],
        "endpoints":[{"addresses":["1.1.1.1"]}]}"#;
    assert_eq!(
        cells("discovery.k8s.io", "EndpointSlice", slice),
        "e | IPv4 | 80,x,* | 1.1.1.1 | <unknown>"
    );
    let ingress = r#"{"metadata":{"name":"i"},"spec":{"ingressClassName":"nginx","tls":[{}],
        "rules":[{"host":"a"},{"host":"b"},{"host":"c"},{"host":"d"},{"host":"e"}]}}"#;
    assert_eq!(
        cells("networking.k8s.io", "Ingress", ingress),
        "i | nginx | a,b,c + 2 more... |  | 80, 443 | <unknown>"
    );
}

#[test]
fn cluster_kinds() {
    let event = r#"{"metadata":{"name":"w.1"},"type":"Normal","reason":"Scheduled","message":" ok\n",
        "involvedObject":{"kind":"Pod","name":"w"},"source":{"component":"sched"},
        "firstTimestamp":"2026-05-01T11:58:00Z","lastTimestamp":"2026-05-01T11:59:30Z"}"#;
    assert_eq!(
        cells("", "Event", event),
        "30s | Normal | Scheduled | pod/w |  | sched | ok | 2m | 1 | w.1"
    );
    let event = r#"{"metadata":{"name":"w.2"},"eventTime":"2026-05-01T11:58:00.000000Z","reportingController":"c",
        "reportingInstance":"i","regarding":{"kind":"Pod","name":"w"},"note":"n",
        "series":{"count":4,"lastObservedTime":"2026-05-01T11:59:00.000000Z"}}"#;
    assert_eq!(
        cells("events.k8s.io", "Event", event),
        "60s |  |  | pod/w |  | c, i | n | 2m | 4 | w.2"
    );
    let node = r#"{"metadata":{"name":"n","labels":{"node-role.kubernetes.io/worker":"","kubernetes.io/role":"a"}},
        "spec":{"unschedulable":true},"status":{"conditions":[{"type":"Ready","status":"False"}],
        "addresses":[{"type":"InternalIP","address":"10.1.0.1"}],"nodeInfo":{"kubeletVersion":"v1.34.0"}}}"#;
    assert_eq!(
        cells("", "Node", node),
        "n | NotReady,SchedulingDisabled | a,worker | <unknown> | v1.34.0 | 10.1.0.1 | <none> | <unknown> | <unknown> | <unknown>"
    );
    let config = r#"{"metadata":{"name":"c"},"data":{"a":"1"},"binaryData":{"b":"","c":""}}"#;
    assert_eq!(cells("", "ConfigMap", config), "c | 3 | <unknown>");
    let quota = r#"{"metadata":{"name":"q"},"status":{"hard":{"pods":"4","limits.cpu":"2"},"used":{"pods":1}}}"#;
    assert_eq!(cells("", "ResourceQuota", quota), "q | pods: 1/4 | limits.cpu: 0/2 | <unknown>");
    let revision = r#"{"metadata":{"name":"r","ownerReferences":[{"apiVersion":"apps/v1","kind":"DaemonSet","name":"d","controller":true}]},"revision":2}"#;
    assert_eq!(
        cells("apps", "ControllerRevision", revision),
        "r | daemonset.apps/d | 2 | <unknown>"
    );
}

#[test]
fn storage_kinds() {
    let claim = r#"{"metadata":{"name":"c"},"spec":{"storageClassName":"fast","volumeName":"pv","volumeMode":"Filesystem"},
        "status":{"phase":"Bound","accessModes":["ReadWriteMany","ReadWriteOnce","ReadWriteOnce"],"capacity":{"storage":"1Gi"}}}"#;
    assert_eq!(
        cells("", "PersistentVolumeClaim", claim),
        "c | Bound | pv | 1Gi | RWO,RWX | fast | <unset> | <unknown> | Filesystem"
    );
    assert_eq!(
        cells(
            "",
            "PersistentVolumeClaim",
            r#"{"metadata":{"name":"c"},"status":{"phase":"Pending"}}"#
        ),
        "c | Pending |  |  |  |  | <unset> | <unknown> | <unset>"
    );
    let class = r#"{"metadata":{"name":"s","annotations":{"storageclass.kubernetes.io/is-default-class":"true"}},"provisioner":"p"}"#;
    assert_eq!(
        cells("storage.k8s.io", "StorageClass", class),
        "s (default) | p | Delete | Immediate | false | <unknown>"
    );
}

#[test]
fn autoscalers_and_budgets() {
    let hpa = r#"{"metadata":{"name":"h"},"spec":{"scaleTargetRef":{"kind":"Deployment","name":"d"},"maxReplicas":5,
        "metrics":[{"type":"Resource","resource":{"name":"cpu","target":{"averageUtilization":80}}},
                   {"type":"Pods","pods":{"target":{"averageValue":"10"}}},
                   {"type":"Object","object":{"target":{"value":"3"}}}]},
        "status":{"currentReplicas":2,"currentMetrics":[{"resource":{"current":{"averageUtilization":31}}}]}}"#;
    assert_eq!(
        cells("autoscaling", "HorizontalPodAutoscaler", hpa),
        "h | Deployment/d | cpu: 31%/80%, <unknown>/10 + 1 more... | <unset> | 5 | 2 | <unknown>"
    );
    let pdb = r#"{"metadata":{"name":"p"},"spec":{"minAvailable":"50%"},"status":{"disruptionsAllowed":1}}"#;
    assert_eq!(cells("policy", "PodDisruptionBudget", pdb), "p | 50% | N/A | 1 | <unknown>");
}

#[test]
fn kinds_without_a_printer_show_name_and_creation() {
    let role = r#"{"metadata":{"name":"r","creationTimestamp":"2026-04-30T12:00:00Z"}}"#;
    assert_eq!(cells("rbac.authorization.k8s.io", "Role", role), "r | 2026-04-30T12:00:00Z");
    let binding = r#"{"metadata":{"name":"b"},"roleRef":{"kind":"Role","name":"r"},"subjects":[
        {"kind":"User","name":"u"},{"kind":"User","name":"v"},{"kind":"ServiceAccount","namespace":"n","name":"s"}]}"#;
    assert_eq!(
        cells("rbac.authorization.k8s.io", "RoleBinding", binding),
        "b | Role/r | <unknown> | u, v |  | n/s"
    );
}

fn custom(columns: &str, object: &str) -> Vec<Value> {
    Printer::custom(Some(&json(columns))).cells(&json(object), now())
}

#[test]
fn custom_columns() {
    let columns = r#"[
        {"name":"Ready","type":"string","jsonPath":".status.conditions[?(@.type==\"Ready\")].status"},
        {"name":"Replicas","type":"integer","jsonPath":".spec.replicas"},
        {"name":"Load","type":"number","jsonPath":".spec.load"},
        {"name":"On","type":"boolean","jsonPath":".spec.on"},
        {"name":"Age","type":"date","jsonPath":".metadata.creationTimestamp"},
        {"name":"Missing","type":"string","jsonPath":".spec.none.at.all"},
        {"name":"List","type":"string","jsonPath":".spec.list"},
        {"name":"Bad","type":"date","jsonPath":".spec.replicas"}]"#;
    let object = r#"{"metadata":{"name":"x","creationTimestamp":"2026-05-01T11:00:00Z"},
        "spec":{"replicas":3,"load":2,"on":true,"list":["a",1]},
        "status":{"conditions":[{"type":"Other","status":"False"},{"type":"Ready","status":"True"}]}}"#;
    let cells = custom(columns, object);
    let texts: Vec<String> = cells.iter().map(show).collect();
    assert_eq!(texts, ["x", "True", "3", "2", "true", "60m", "null", r#"["a",1]"#, "null"]);
    assert_eq!(cells[3], Value::Float(2.0));
}

#[test]
fn without_custom_columns_the_age_is_shown() {
    let printer = Printer::custom(None);
    let object = json(r#"{"metadata":{"name":"x","creationTimestamp":"2026-05-01T11:00:00Z"}}"#);
    assert_eq!(printer.cells(&object, now()), [Value::from("x"), "60m".into()]);
    assert_eq!(printer.definitions().len(), 2);
}

#[test]
fn a_column_that_cannot_be_read_ends_the_table() {
    let columns = r#"[{"name":"A","type":"string","jsonPath":".a"},
        {"name":"B","type":"string","jsonPath":".b[?(@.x"},{"name":"C","type":"string","jsonPath":".c"}]"#;
    assert_eq!(custom(columns, r#"{"metadata":{"name":"x"},"a":"1","c":"3"}"#).len(), 2);
}

#[test]
fn paths() {
    let root = json(
        r#"{"a":{"b.c":1,"d":[{"n":"x","v":1},{"n":"y","v":2},{"n":"z"}]},"e":{"f":{"v":9}},"s":"t"}"#,
    );
    let cases: [(&str, &str); 25] = [
        (r".a['b\.c']", "1"),
        (".a['b.c']", ""),
        (".a.d[].n", "x"),
        (".a.d[0:3:0].n", ""),
        (".a.d[?(@.n='x')].n", ""),
        (".a.d word", ""),
        (r".a.b\.c", "1"),
        (".a.d[0].n", "x"),
        ("$.a.d[-1].n", "z"),
        (".a.d[0:2].n", "x y"),
        (".a.d[::2].n", "x z"),
        (".a.d[*].v", "1 2"),
        (".a.d[0,2].n", "x z"),
        (".a.d[?(@.n=='y')].v", "2"),
        (".a.d[?(@.v>1)].n", "y"),
        (".a.d[?(@.v)].n", "x y"),
        (".a.d[?(@.n!=\"y\")].n", "x z"),
        (".a.d[7].n", ""),
        (".s[0]", ""),
        (".s.t", ""),
        ("..v", "1 2 9"),
        (".e.*.v", "9"),
        (".a.d[?(@.n==3)].v", ""),
        ("['s']", "t"),
        (".a.d[?(@.n=='a)b')].v", ""),
    ];
    for (path, expected) in cases {
        let parsed = Path::parse(path).unwrap();
        let found = parsed.find(&root).into_iter().map(show).collect::<Vec<_>>().join(" ");
        assert_eq!(found, expected, "{path}");
    }
}

#[test]
fn unreadable_paths_are_refused() {
    for path in [".a[", ".a[x]", ".a[?(@.b", ".a[?(@.b==1)x", "....", "{.a}", "'x", "#"] {
        assert!(Path::parse(path).is_err(), "{path}");
    }
    let deep = format!("{}@{}", "[?(".repeat(50), ")]".repeat(50));
    assert!(Path::parse(&deep).is_err());
    let error = Path::parse(".a[x]").unwrap_err().to_string();
    assert_eq!(error, "JSONPath \".a[x]\": not an index or name at byte 2");
}

#[test]
fn names_and_wide_columns_are_marked() {
    let marks = |group: &str, kind: &str| {
        let definitions = Printer::built_in(group, kind).definitions();
        let mark = |c: &Value| {
            let text = |m: &str| c.get(m).and_then(Value::as_str).unwrap_or_default().to_owned();
            let priority = c.get("priority").and_then(Value::as_int).unwrap();
            format!("{}:{}:{}:{priority}", text("name"), text("type"), text("format"))
        };
        definitions.iter().map(mark).collect::<Vec<_>>()
    };
    assert_eq!(
        marks("apps", "StatefulSet"),
        [
            "Name:string:name:0",
            "Ready:string::0",
            "Age:string::0",
            "Containers:string::1",
            "Images:string::1"
        ]
    );
    assert_eq!(marks("", "Event").last().unwrap(), "Name:string:name:1");
    assert_eq!(marks("storage.k8s.io", "VolumeAttachment")[1], "Attacher:string:name:0");
    assert_eq!(
        marks("rbac.authorization.k8s.io", "Role"),
        ["Name:string:name:0", "Created At:date::0"]
    );
}
