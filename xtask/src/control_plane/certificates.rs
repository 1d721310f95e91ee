//! Certificates, keys and tokens, made anew for every start.

use super::write_private;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose,
};
use std::path::{Path, PathBuf};

/// The authority's certificate in the data folder.
pub(super) const AUTHORITY: &str = "ca.crt";

/// Bearer tokens: token, name, uid, groups. The server listens on the loopback interface and lives for a test,
/// so that they may be known; whoever is no member of `system:masters` has only the rights a test gives.
const TOKENS: &str = "admin,kubernetes-admin,admin,\"system:masters\"
alice,alice,alice,\"developers\"
bob,bob,bob,\"\"
";

/// Where everything lies.
pub(super) struct Files {
    folder: PathBuf,
}

/// Makes and writes all of it into `folder`.
pub(super) fn write(folder: &Path) -> Result<Files, String> {
    make(folder).map_err(|e| format!("a certificate cannot be made: {e}"))?
}

fn make(folder: &Path) -> Result<Result<Files, String>, rcgen::Error> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name.push(DnType::CommonName, "control-plane-ca");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![
        KeyUsagePurpose::KeyCertSign,
        KeyUsagePurpose::CrlSign,
        KeyUsagePurpose::DigitalSignature,
    ];
    let key = KeyPair::generate()?;
    let authority_key = key.serialize_pem();
    let authority = CertifiedIssuer::self_signed(params, key)?;
    let accounts = KeyPair::generate()?;
    let mut files = vec![
        (AUTHORITY.to_owned(), authority.pem()),
        ("ca.key".to_owned(), authority_key),
        ("service-accounts.key".to_owned(), accounts.serialize_pem()),
        ("service-accounts.pub".to_owned(), accounts.public_key_pem()),
        ("tokens.csv".to_owned(), TOKENS.to_owned()),
        ("token".to_owned(), "admin".to_owned()),
    ];
    let names = ["localhost", "127.0.0.1", "kubernetes.default.svc", "10.96.0.1"];
    let leaves = [
        ("server", "kube-apiserver", "", &names[..], ExtendedKeyUsagePurpose::ServerAuth),
        ("front-proxy", "front-proxy", "", &[], ExtendedKeyUsagePurpose::ClientAuth),
        ("admin", "kubernetes-admin", "system:masters", &[], ExtendedKeyUsagePurpose::ClientAuth),
    ];
    for (file, name, group, names, usage) in leaves {
        let names: Vec<String> = names.iter().map(|&n| n.to_owned()).collect();
        let mut params = CertificateParams::new(names)?;
        params.distinguished_name.push(DnType::CommonName, name);
        if !group.is_empty() {
            params.distinguished_name.push(DnType::OrganizationName, group);
        }
        params.extended_key_usages = vec![usage];
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &authority)?;
        files.push((format!("{file}.crt"), certificate.pem()));
        files.push((format!("{file}.key"), key.serialize_pem()));
    }
    let written = files.iter().try_for_each(|(name, text)| write_private(&folder.join(name), text));
    Ok(written.map(|()| Files { folder: folder.to_owned() }))
}

impl Files {
    /// Where the file `name` is.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// A kubeconfig for the administrator, in JSON (which is YAML).
    pub(super) fn kubeconfig(&self, port: u16) -> String {
        let config = serde_json::json!({
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "control-plane",
            "clusters": [{"name": "control-plane", "cluster": {
                "server": format!("https://127.0.0.1:{port}"),
                "certificate-authority": self.path(AUTHORITY),
            }}],
            "users": [{"name": "admin", "user": {"token": "admin"}}],
            "contexts": [{"name": "control-plane", "context": {
                "cluster": "control-plane", "user": "admin", "namespace": "default",
            }}],
        });
        format!("{config:#}\n")
    }
}
