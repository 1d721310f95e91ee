//! The real `kubectl` against the server on a socket. Skips, and says so, when there is none.
#![expect(clippy::unwrap_used, reason = "a test ends where something is wrong")]

use std::path::PathBuf;
use std::process::{Command, Output};
use windlass_apiserver::{ApiServer, Options, serve, workloads};

struct Kubectl {
    folder: tempfile::TempDir,
}

impl Kubectl {
    fn run(&self, arguments: &str) -> Output {
        let arguments: Vec<&str> = arguments.split(' ').collect();
        self.command(&arguments).output().unwrap()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("kubectl");
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env("KUBECONFIG", self.folder.path().join("kubeconfig"))
            .env("HOME", self.folder.path());
        command
    }

    #[track_caller]
    fn says(&self, arguments: &str, expected: &str) {
        let output = self.run(arguments);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(text.contains(expected), "kubectl {arguments}\n{text}\n{errors}");
    }

    #[track_caller]
    fn refuses(&self, arguments: &str, expected: &str) {
        let output = self.run(arguments);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "kubectl {arguments} succeeded");
        assert!(errors.contains(expected), "kubectl {arguments}\n{errors}");
    }

    fn file(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join(name), text).unwrap();
    }
}

const DEPLOYMENT: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: 'nginx:1'}]}
";

async fn start() -> Option<(Kubectl, tokio::task::JoinHandle<()>)> {
    if Command::new("kubectl").arg("--help").output().is_err() {
        println!("skipped: there is no kubectl on the PATH");
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        data_dir: Some(PathBuf::from(folder.path())),
        workloads: Some(workloads::Settings::default()),
        ..Options::default()
    };
    let server = ApiServer::open(options).await.unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::fs::write(folder.path().join("kubeconfig"), server.kubeconfig(&address)).unwrap();
    let tls = server.credentials().tls(&[]).unwrap();
    let task = tokio::spawn(async move {
        serve(listener, server, tls, std::future::pending()).await.unwrap();
    });
    Some((Kubectl { folder }, task))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everyday_commands() {
    let Some((kubectl, task)) = start().await else { return };
    tokio::task::spawn_blocking(move || {
        reading_and_writing(&kubectl);
        applying(&kubectl);
        custom_resources(&kubectl);
        access(&kubectl);
    })
    .await
    .unwrap();
    task.abort();
}

fn reading_and_writing(kubectl: &Kubectl) {
    kubectl.says("version", "Server Version: v1.35");
    kubectl.says("get namespaces", "kube-system");
    kubectl.says("api-resources", "deployments");
    kubectl.says("api-versions", "apps/v1");
    kubectl.says("create configmap a --from-literal=x=y", "configmap/a created");
    kubectl.refuses("create configmap a --from-literal=x=y", "already exists");
    kubectl.says("get configmap a -o jsonpath={.data.x}", "y");
    kubectl.says("describe configmap a", "x:");
    kubectl.says("label configmap a k=v", "labeled");
    kubectl.says("get configmaps -l k=v -o name", "configmap/a");
    kubectl.says("annotate configmap a n=1", "annotated");
    kubectl.says("patch configmap a --type=merge -p {\"data\":{\"m\":\"1\"}}", "patched");
    let json =
        "patch configmap a --type=json -p [{\"op\":\"add\",\"path\":\"/data/j\",\"value\":\"2\"}]";
    kubectl.says(json, "patched");
    kubectl.says("get configmap a -o jsonpath={.data}", r#"{"j":"2","m":"1","x":"y"}"#);
    kubectl.file("edit.sh", "sed -i 's/x: \"\\?y\"\\?/x: changed/' \"$1\"\n");
    let edited = kubectl
        .command(&["edit", "configmap", "a"])
        .env("KUBE_EDITOR", "sh edit.sh")
        .output()
        .unwrap();
    assert!(String::from_utf8_lossy(&edited.stdout).contains("edited"), "{edited:?}");
    kubectl.says("get configmap a -o jsonpath={.data.x}", "changed");
    kubectl.says("explain deployment.spec.replicas", "<integer>");
    kubectl.says("auth can-i create pods", "yes");
    kubectl.says("auth whoami", "system:masters");
    kubectl.says("delete configmap a", "deleted");
    kubectl.refuses("get configmap a", "not found");
    kubectl.refuses("create configmap Bad_Name", "RFC 1123");
}

fn applying(kubectl: &Kubectl) {
    kubectl.file("web.yaml", DEPLOYMENT);
    kubectl.says("apply -f web.yaml", "created");
    kubectl.says("apply -f web.yaml", "unchanged");
    kubectl.says("wait --for=condition=Available deployment/web --timeout=20s", "condition met");
    kubectl.file("three.yaml", &DEPLOYMENT.replace("replicas: 1", "replicas: 3"));
    kubectl.says("diff -f three.yaml", "+  replicas: 3");
    kubectl.says("apply --server-side -f three.yaml", "serverside-applied");
    kubectl.says(
        "get deployment web -o jsonpath={.spec.replicas}{.spec.progressDeadlineSeconds}",
        "3600",
    );
    kubectl.says("rollout status deployment web --timeout=20s", "successfully rolled out");
    kubectl.refuses("apply --server-side --field-manager=other -f web.yaml", "conflict");
    kubectl.says("scale deployment web --replicas=2", "scaled");
    kubectl.says("get deployment web -o jsonpath={.spec.replicas}", "2");
    let image = r#"patch deployment web -p {"spec":{"template":{"spec":{"containers":[{"name":"web","image":"nginx:2"}]}}}}"#;
    kubectl.says(image, "patched");
    kubectl.says("rollout status deployment web --timeout=20s", "successfully rolled out");
    kubectl.says("rollout undo deployment web", "rolled back");
    kubectl.says("get deployment web -o jsonpath={..image}", "nginx:1");
    kubectl.says("describe deployment web", "RollingUpdate");
    kubectl.says("get deployments -o wide", "nginx:1");
    kubectl.says("expose deployment web --port=80", "exposed");
    let mut watch = kubectl.command(&["get", "pods", "-w", "--request-timeout=3s"]);
    let watched = watch.output().unwrap();
    assert!(String::from_utf8_lossy(&watched.stdout).contains("web-"), "{watched:?}");
    kubectl.says("delete -f web.yaml", "deleted");
    kubectl.says("wait --for=delete pod -l app=web --timeout=20s", "");
    kubectl.says("create namespace n", "created");
    kubectl.says("create deployment d -n n --image=x", "created");
    kubectl.says("delete namespace n", "deleted");
    kubectl.refuses("get namespace n", "not found");
}

fn custom_resources(kubectl: &Kubectl) {
    kubectl.file(
        "crd.yaml",
        "
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.org}
spec:
  group: example.org
  scope: Namespaced
  names: {plural: widgets, kind: Widget, shortNames: [wd]}
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {status: {}, scale: {specReplicasPath: .spec.replicas, statusReplicasPath: .status.replicas}}
    additionalPrinterColumns: [{name: Color, type: string, jsonPath: .spec.color}]
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec: {type: object, properties: {color: {type: string, enum: [red, blue]}, replicas: {type: integer}}}
          status: {type: object, properties: {replicas: {type: integer}}}
",
    );
    kubectl.file(
        "widget.yaml",
        r#"{"apiVersion":"example.org/v1","kind":"Widget","metadata":{"name":"w"},"spec":{"color":"red"}}"#,
    );
    kubectl.says("apply -f crd.yaml", "created");
    kubectl.says("wait --for=condition=Established crd/widgets.example.org --timeout=5s", "met");
    kubectl.says("apply -f widget.yaml", "created");
    kubectl.says("get wd", "COLOR");
    kubectl.says("scale widget w --replicas=4", "scaled");
    kubectl.says("explain widget.spec", "color");
    kubectl.refuses(
        "patch widget w --type=merge -p {\"spec\":{\"color\":\"green\"}}",
        "Unsupported value",
    );
    kubectl.says("delete crd widgets.example.org", "deleted");
    kubectl.refuses("get wd", "the server could not find the requested resource");
}

fn access(kubectl: &Kubectl) {
    kubectl.says("auth whoami", "windlass-admin");
    kubectl.says("auth whoami --as=jane --as-group=dev", "jane");
    kubectl.says("auth can-i --list", "*.*");
    kubectl.says("auth can-i create pods", "yes");
    kubectl.says("auth can-i get pods --as=jane", "no");
    kubectl.says("auth can-i get /healthz --as=jane", "yes");
    kubectl.refuses(
        "get pods --as=jane",
        r#"pods is forbidden: User "jane" cannot list resource "pods" in API group "" in the namespace "default""#,
    );
    kubectl.says("create role reader --verb=get,list --resource=pods", "created");
    kubectl.says(
        "create rolebinding reader --role=reader --user=jane --serviceaccount=default:robot",
        "created",
    );
    kubectl.says("auth can-i list pods --as=jane", "yes");
    kubectl.says("auth can-i delete pods --as=jane", "no");
    kubectl.says("auth can-i --list --as=jane", "pods");
    kubectl.says("get pods -o name --as=jane", "");
    kubectl.says("create serviceaccount robot", "created");
    let token = kubectl.run("create token robot --duration=20m");
    let token = String::from_utf8(token.stdout).unwrap();
    assert_eq!(token.trim().split('.').count(), 3, "{token}");
    let kubeconfig = std::fs::read_to_string(kubectl.folder.path().join("kubeconfig")).unwrap();
    let own = kubeconfig.lines().find(|l| l.trim().starts_with("token:")).unwrap();
    kubectl.file("robot", &kubeconfig.replace(own, &format!("    token: {}", token.trim())));
    kubectl.says("auth whoami --kubeconfig=robot", "system:serviceaccount:default:robot");
    kubectl.says("auth can-i list pods --kubeconfig=robot", "yes");
    kubectl.refuses("get secrets --kubeconfig=robot", "cannot list resource \"secrets\"");
    kubectl.refuses(
        "create clusterrolebinding x --clusterrole=cluster-admin --user=jane --as=jane",
        "cannot create resource \"clusterrolebindings\"",
    );
    kubectl.file("roles.yaml", ROLES);
    kubectl.says("auth reconcile -f roles.yaml", "reconciled");
    kubectl.says("auth reconcile -f roles.yaml", "reconciled");
    kubectl.says("auth can-i watch services --as=joe", "yes");
    kubectl.says("describe clusterrole system:basic-user", "selfsubjectaccessreviews");
}

const ROLES: &str = "
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: watcher, namespace: default}
rules: [{apiGroups: [''], resources: [services], verbs: [get, watch]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: watcher, namespace: default}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: watcher}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: joe}]
";
