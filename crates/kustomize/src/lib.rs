//! A file tree and a path to Kubernetes objects: what `kustomize build` does, as a function.
//!
//! [`build`] is kustomize v5.8.1 (`(tree, path, options) -> objects`), [`build_flux`] is that with what Flux's
//! kustomize-controller adds around it, [`to_yaml`] prints the objects as `kustomize build` does. Every object
//! says which file and line it comes from and which transformers changed it, and so does every error.
//!
//! Reading goes through [`tree::Tree`], so a traced tree records exactly what a build depends on. Deliberately
//! absent: the network (what is external is asked for as data, see [`External`]), running programs and containers, Helm, the
//! clock, the environment and the file system.

mod chart;
mod config;
mod decode;
mod error;
mod external;
mod fieldspec;
mod flux;
mod generate;
mod hash;
mod ident;
mod kustomization;
mod labels;
mod load;
mod merge;
mod node;
mod path;
mod plugin;
mod provenance;
mod resmap;
mod resource;
mod schema;
mod substitute;
mod target;
mod transform;
pub mod units;

pub use chart::ChartRequest;
pub use error::{BuildError, Fault};
pub use external::{External, Externals};
pub use flux::{FluxBuild, FluxImage, FluxPatch, FluxTarget, Substitution, build_flux, substitute};
pub use substitute::{Strategy, SubstituteError, expand};

use load::{Loader, Root};
use object::Value;
use provenance::OriginNote;
use resource::Resource;
use schema::Schemas;
use target::{Builder, Target, transformation};
use transform::{Context, Pairs, Transformer};
use tree::{Tree, TreePath};

/// Which files a kustomization may read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LoadRestrictions {
    /// Files in or below its own directory (directories may be anywhere in the tree).
    #[default]
    RootOnly,
    /// Any file of the tree.
    None,
}

/// The order of the objects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reorder {
    /// As they were read.
    None,
    /// Namespaces and the like first, webhooks last.
    Legacy,
    /// Not said: `sortOptions` of the kustomization, else [`Reorder::Legacy`].
    #[default]
    Unspecified,
}

/// Bounds against hostile input; passing one is [`Fault::Limit`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes read from files in one build.
    pub bytes: usize,
    /// Objects at any moment.
    pub objects: usize,
    /// How deep bases may nest.
    pub depth: usize,
    /// Kustomizations entered in one build, each as often as it is.
    pub kustomizations: usize,
    /// Objects handled by transformers, each as often as it is by one.
    pub work: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 512 << 20,
            objects: 100_000,
            depth: 64,
            kustomizations: 10_000,
            work: 50_000_000,
        }
    }
}

/// How to build. The default is what the `kustomize` command does without flags.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BuildOptions {
    /// Which files may be read.
    pub load_restrictions: LoadRestrictions,
    /// The order of the objects.
    pub reorder: Reorder,
    /// Bounds.
    pub limits: Limits,
    /// Whether to add the label `app.kubernetes.io/managed-by`.
    pub managed_by_label: bool,
    /// What of outside the tree is mounted in it.
    pub externals: Externals,
}

/// The objects a build makes, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Built {
    /// The objects.
    pub objects: Vec<BuiltObject>,
}

/// One object and where it comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct BuiltObject {
    /// The object.
    pub value: Value,
    /// Where it comes from.
    pub origin: Origin,
}

/// Where an object comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The file it was read from; the kustomization or plugin file when it was generated.
    pub file: TreePath,
    /// Line in that file where it begins, counted from 1; 0 when it was generated.
    pub line: usize,
    /// What changed it, in order.
    pub transformed_by: Vec<Transformation>,
}

/// A transformer that changed an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transformation {
    /// The kustomization, or the file that configures the transformer.
    pub file: TreePath,
    /// kustomize's name of it: `PrefixTransformer`; `HashTransformer`, `nameReference` and `vars` for what
    /// happens at the end.
    pub transformer: String,
}

/// The version of kustomize this follows, as its `managedByLabel` writes it.
const VERSION: &str = "v5.8.1";

/// Builds the kustomization in the directory `path`, as `kustomize build` does.
///
/// # Errors
/// [`BuildError`] with file and line when something is missing, does not read, or does not fit.
pub fn build(
    tree: &dyn Tree,
    path: &TreePath,
    options: &BuildOptions,
) -> Result<Built, BuildError> {
    let loader = Loader::new(tree, options.load_restrictions, options.limits, &options.externals);
    let builder = Builder { loader: &loader, schemas: Schemas::default(), work: 0 };
    let target = builder.load(Root::new(path.clone()), None)?;
    run(builder, target, options)
}

/// Builds a root kustomization that was read.
fn run(
    mut builder: Builder<'_>,
    mut target: Target,
    options: &BuildOptions,
) -> Result<Built, BuildError> {
    builder.set_schema(&target, true)?;
    let metadata = target.kustomization.build_metadata.clone();
    if !metadata.is_empty() {
        target.origin = Some(OriginNote::default());
    }
    let has = |option: &str| metadata.iter().any(|m| m == option);
    let mut list = builder.customize(&target)?;
    let here = |e: String| BuildError::new(Fault::Syntax, e).in_file(&target.file);
    match (&target.kustomization.sort_options, options.reorder) {
        (Some(sort), _) => {
            transform::sort(&mut list, Some(sort), &builder.schemas).map_err(here)?
        }
        (None, Reorder::None) => {}
        (None, Reorder::Legacy | Reorder::Unspecified) => {
            transform::sort(&mut list, None, &builder.schemas).map_err(here)?;
        }
    }
    if options.managed_by_label || has("managedByLabel") {
        list = add_managed_by(list, &builder, &target)?;
    }
    let (origins, transformations) = (has("originAnnotations"), has("transformerAnnotations"));
    let mut objects = Vec::with_capacity(list.len());
    for mut resource in list {
        resource.finish_annotations(origins, transformations);
        let origin = resource.origin();
        let value = resource.node.to_value().map_err(|e| {
            let message = match e.field() {
                field if field.is_empty() => e.message,
                field => format!("field '{field}': {}", e.message),
            };
            BuildError::transform(message)
                .on(resource.id(&builder.schemas))
                .at(&origin.file, origin.line)
        })?;
        objects.push(BuiltObject { value, origin });
    }
    Ok(Built { objects })
}

fn add_managed_by(
    list: Vec<Resource>,
    builder: &Builder<'_>,
    target: &Target,
) -> Result<Vec<Resource>, BuildError> {
    let value = format!("kustomize-{VERSION}");
    let pairs = [("app.kubernetes.io/managed-by".to_owned(), value)].into_iter().collect();
    let fields = vec![fieldspec::FieldSpec::anywhere("metadata/labels", true)];
    let by = transformation(&target.file, "managedByLabel");
    let context = Context { schemas: &builder.schemas, by: &by };
    let mut map = resmap::ResMap::default();
    *map.list_mut() = list;
    Transformer::Labels(Pairs { pairs, fields }).run(&mut map, &context)?;
    Ok(map.into_list())
}

/// The objects as `kustomize build` prints them: documents with `---` between.
pub fn to_yaml(built: &Built) -> String {
    let mut out = String::new();
    for (i, object) in built.objects.iter().enumerate() {
        if i > 0 {
            out.push_str("---\n");
        }
        out.push_str(&object::to_yaml(&object.value));
    }
    out
}
