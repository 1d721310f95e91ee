//! `windlass build`: what a directory renders to.

use crate::failure::Failure;
use clap::{Args, ValueEnum};
use kustomize::BuildOptions;
use operator::external::{self, Allowed, Fetcher};
use std::path::PathBuf;
use std::sync::Arc;

/// Print what a directory renders to, as `kustomize build` would
#[derive(Args, Debug)]
pub(crate) struct Build {
    /// Directory with a kustomization.yaml
    #[arg(default_value = ".", value_name = "DIR")]
    directory: PathBuf,

    /// Where files may be read: below the kustomization's root, or anywhere in the repository
    #[arg(long, value_enum, default_value_t, value_name = "RULE")]
    load_restrictor: Restrictor,

    /// Label every object with app.kubernetes.io/managed-by
    #[arg(long)]
    enable_managedby_label: bool,

    /// Refuse bases and files of other machines
    #[arg(long)]
    no_remote_bases: bool,

    /// Write to this file instead of printing
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Accepted as kustomize does: builtin plugins and charts are always on, programs never run
    #[arg(long, hide = true)]
    enable_alpha_plugins: bool,

    /// Accepted as kustomize does
    #[arg(long, hide = true)]
    enable_helm: bool,

    /// Accepted as kustomize does: charts are rendered in process
    #[arg(long, hide = true)]
    helm_command: Option<String>,

    /// Order of the printed objects
    #[arg(long, value_enum, default_value_t)]
    reorder: Order,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Restrictor {
    #[default]
    #[value(name = "LoadRestrictionsRootOnly")]
    RootOnly,
    #[value(name = "LoadRestrictionsNone")]
    None,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Order {
    /// Namespaces and other prerequisites first
    #[default]
    Legacy,
    /// As the files say
    None,
}

impl Build {
    pub(crate) async fn run(&self) -> Result<u8, Failure> {
        let shown = self.directory.display();
        let (tree, path) = source::directory::open_for_build(&self.directory)
            .map_err(|e| Failure::new(format!("{shown} cannot be read")).because(&e))?;
        let options = BuildOptions {
            load_restrictions: match self.load_restrictor {
                Restrictor::RootOnly => kustomize::LoadRestrictions::RootOnly,
                Restrictor::None => kustomize::LoadRestrictions::None,
            },
            reorder: match self.reorder {
                Order::Legacy => kustomize::Reorder::Legacy,
                Order::None => kustomize::Reorder::None,
            },
            managed_by_label: self.enable_managedby_label,
            ..BuildOptions::default()
        };
        let allowed = if self.no_remote_bases { Allowed::Nothing } else { Allowed::RemoteAndLocal };
        let fetcher = Fetcher::new(external::user_cache().join("remote"), allowed);
        let tree: Arc<dyn tree::Tree> = Arc::new(tree);
        let built = fetcher
            .render(&tree, |tree, externals| {
                let options = BuildOptions { externals: externals.clone(), ..options.clone() };
                kustomize::build(tree, &path, &options)
            })
            .await
            .map_err(|e| Failure::new(format!("{shown} does not render")).because(&e))?;
        let text = kustomize::to_yaml(&built);
        if let Some(file) = &self.output {
            let wrong =
                |e| Failure::new(format!("{} cannot be written", file.display())).because(&e);
            std::fs::write(file, text).map_err(wrong)?;
        } else {
            say_raw!("{text}");
        }
        Ok(0)
    }
}
