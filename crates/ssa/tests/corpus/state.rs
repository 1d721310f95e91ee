//! Sequences of applies and updates on one object.

use crate::report::{Report, corpus, drop_other_keys, parsed, read, same, text};
use object::{Map, Value};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use windlass_ssa::{
    ConvertError, Converter, Duplicates, FieldSet, Managers, MergeError, SmdSchema, TypeRef,
    Updater, extract_items, validate,
};

/// The types of a case, and how it converts between their versions.
struct Versions {
    kind: String,
    /// Version to schema and type; the one of version `*` serves all.
    types: BTreeMap<String, (SmdSchema, String)>,
}

impl Versions {
    fn read(smd: &Path, case: &Value) -> Self {
        let mut types = BTreeMap::new();
        for (version, place) in case.get("types").unwrap().as_map().unwrap().iter() {
            types.insert(version.to_owned(), Self::place(smd, place, None));
        }
        Self { kind: text(case, "converter").to_owned(), types }
    }

    fn place(smd: &Path, place: &Value, schema: Option<&str>) -> (SmdSchema, String) {
        match place.get("type").unwrap() {
            Value::String(name) => {
                let file = schema.unwrap_or_else(|| text(place, "schema"));
                (SmdSchema::from_value(&read(&smd.join(file))).unwrap(), name.to_string())
            }
            inline => {
                let inline = inline.get("inline").unwrap();
                (SmdSchema::from_inline(inline, "inlined").unwrap(), "inlined".to_owned())
            }
        }
    }
}

impl<'t> Converter<'t> for &'t Versions {
    fn type_of(&self, version: &str) -> Result<TypeRef<'t>, ConvertError> {
        let fallback = || (self.kind == "none").then(|| self.types.values().next()).flatten();
        match self.types.get(version).or_else(fallback) {
            Some(_) if version.is_empty() => Err(ConvertError::Failed("invalid version".into())),
            Some((schema, name)) => Ok(TypeRef::named(schema, name).unwrap()),
            None => Err(ConvertError::MissingVersion(version.to_owned())),
        }
    }

    fn convert<'v>(
        &self,
        value: &'v Value,
        from: &str,
        to: &str,
    ) -> Result<Cow<'v, Value>, ConvertError> {
        match self.kind.as_str() {
            "none" => Ok(Cow::Borrowed(value)),
            "renaming" => Ok(Cow::Owned(rename(value, &|key| {
                key.strip_suffix(from).map_or_else(|| key.to_owned(), |stem| format!("{stem}{to}"))
            }))),
            "repeating" => {
                let count = to.strip_prefix('v').and_then(|n| n.parse::<usize>().ok());
                let count = count.ok_or_else(|| ConvertError::MissingVersion(to.to_owned()))?;
                let mut out = value.clone();
                for (_, below) in out.make_map().iter_mut() {
                    *below = rename(below, &|key| key[..1].repeat(count));
                }
                Ok(Cow::Owned(out))
            }
            "reliant" => {
                let (new, old) = ("required_field_bar", "field_foo_rely_on_bar");
                if to == "v1" && value.get(new).is_none() {
                    return Err(ConvertError::Failed("missing required field bar".into()));
                }
                let (gone, come) = if to == "v1" { (new, old) } else { (old, new) };
                Ok(Cow::Owned(rename(value, &|key| {
                    if key == gone { come.to_owned() } else { key.to_owned() }
                })))
            }
            other => panic!("converter {other}"),
        }
    }
}

fn rename(value: &Value, name: &dyn Fn(&str) -> String) -> Value {
    match value {
        Value::Map(map) => {
            Value::Map(Map::from_iter(map.iter().map(|(k, v)| (name(k), rename(v, name)))))
        }
        Value::List(items) => Value::List(items.iter().map(|v| rename(v, name)).collect()),
        other => other.clone(),
    }
}

#[derive(Default)]
struct State {
    live: Option<(Value, String)>,
    managers: Managers,
    last_error: Option<MergeError>,
}

impl State {
    /// The live object in a version; made of nothing when there is none.
    fn live_at(&mut self, versions: &Versions, version: &str) -> Result<Value, String> {
        let converter = &versions;
        let t = converter.type_of(version).map_err(|e| e.to_string())?;
        let (value, was) = self.live.take().unwrap_or((Value::Null, version.to_owned()));
        self.live = Some((value.clone(), was.clone()));
        let converted = match was == version {
            true => value,
            false => {
                let converted =
                    converter.convert(&value, &was, version).map_err(|e| e.to_string())?;
                if let Cow::Owned(converted) = &converted {
                    validate(converted, t, Duplicates::Refused).map_err(|e| e.to_string())?;
                }
                converted.into_owned()
            }
        };
        self.live = Some((converted.clone(), version.to_owned()));
        Ok(converted)
    }

    fn run(
        &mut self,
        versions: &Versions,
        updater: &Updater<'_, '_>,
        op: &Value,
    ) -> Result<(), String> {
        let (kind, manager, version) = (text(op, "op"), text(op, "manager"), text(op, "version"));
        let converter = &versions;
        let t = converter.type_of(version).map_err(|e| e.to_string())?;
        let mut object = parsed(op, "object");
        let duplicates = if kind == "update" { Duplicates::Allowed } else { Duplicates::Refused };
        validate(&object, t, duplicates).map_err(|e| e.to_string())?;
        let had_live = self.live.is_some();
        let live = self.live_at(versions, version)?;
        if kind == "extract_apply" && had_live {
            object = self.extracted(&live, &object, version, manager, t)?;
        }
        let managers = self.managers.clone();
        let outcome = match kind {
            "update" => updater
                .update(&live, &object, version, managers, manager)
                .map(|managers| (Some(object), managers)),
            _ => updater.apply(&live, &object, version, managers, manager, kind != "apply"),
        };
        match outcome {
            Ok((new, managers)) => {
                self.managers = managers;
                self.live = Some((new.unwrap_or(live), version.to_owned()));
                Ok(())
            }
            Err(error) => {
                let text = error.to_string();
                self.last_error = Some(error);
                Err(text)
            }
        }
    }

    fn extracted(
        &self,
        live: &Value,
        object: &Value,
        version: &str,
        manager: &str,
        t: TypeRef<'_>,
    ) -> Result<Value, String> {
        let set = match self.managers.get(manager) {
            Some(managed) if managed.version != version => {
                return Err("unable to extract a set of another version".into());
            }
            Some(managed) => managed.set.leaves(),
            None => FieldSet::new(),
        };
        let extracted = extract_items(live, &set, t);
        windlass_ssa::merge(&extracted, object, t).map_err(|e| e.to_string())
    }

    fn check(&mut self, op: &Value, result: Result<(), String>) -> Result<(), String> {
        let want = op.get("error").and_then(Value::as_str);
        match (&result, want) {
            (Ok(()), None) => {}
            (Err(got), Some(want)) => same("error", &got.as_str(), &want)?,
            (got, want) => return Err(format!("got {got:?}, want error {want:?}")),
        }
        if let Some(want) = op.get("conflicts").and_then(Value::as_list) {
            let want: BTreeSet<(String, String)> = want
                .iter()
                .map(|c| (text(c, "manager").to_owned(), text(c, "path").to_owned()))
                .collect();
            let got: BTreeSet<(String, String)> = match self.last_error.take() {
                Some(MergeError::Conflicts(conflicts)) => {
                    conflicts.0.into_iter().map(|c| (c.manager, c.path.to_string())).collect()
                }
                other => return Err(format!("want conflicts, got {other:?}")),
            };
            same("conflicts", &got, &want)?;
        }
        let json = |v: &Value| String::from_utf8(object::to_json(v)).unwrap();
        let live = self.live.as_ref().map(|(v, _)| v.clone()).unwrap_or_default();
        if let Some(want) = op.get("live") {
            let mut want = want.clone();
            drop_other_keys(&mut want, text(op, "object"));
            same("live", &json(&live), &json(&want))?;
        }
        let want = op.get("managers").and_then(Value::as_map).cloned().unwrap_or_default();
        let mut names: Vec<&str> = want.keys().collect();
        names.sort_unstable();
        same("managers", &self.managers.keys().map(|k| k.as_str()).collect(), &names)?;
        for (name, managed) in &self.managers {
            let want = want.get(name).unwrap();
            same(
                &format!("fields of {name}"),
                &managed.set.to_json().as_str(),
                &text(want, "fields"),
            )?;
            same(&format!("version of {name}"), &managed.version.as_str(), &text(want, "version"))?;
            same(
                &format!("{name} applied"),
                &managed.applied,
                &want.get("applied").unwrap().as_bool().unwrap(),
            )?;
        }
        Ok(())
    }
}

fn run_case(smd: &Path, case: &Value) -> Result<(), String> {
    let mut versions = Versions::read(smd, case);
    let mut state = State::default();
    for (index, op) in case.get("ops").and_then(Value::as_list).unwrap().iter().enumerate() {
        if text(op, "op") == "change_schema" {
            let types = case.get("types").unwrap().as_map().unwrap();
            for (version, place) in types.iter() {
                let changed = Versions::place(smd, place, Some(text(op, "schema")));
                versions.types.insert(version.to_owned(), changed);
            }
            continue;
        }
        let converter = &versions;
        let mut updater = Updater::new(&converter);
        if let Some(ignored) = case.get("ignored_fields").and_then(Value::as_map) {
            for (version, set) in ignored.iter() {
                let set = FieldSet::from_json(set.as_str().unwrap().as_bytes()).unwrap();
                updater = updater.ignoring(version, set);
            }
        }
        let result = state.run(&versions, &updater, op);
        state.check(op, result).map_err(|e| format!("op {index}: {e}"))?;
    }
    Ok(())
}

fn files(dir: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, out);
        } else if path.extension().is_some_and(|e| e == "yaml") {
            out.push(path);
        }
    }
}

#[test]
fn states() {
    let Some(corpus) = corpus() else { return };
    let smd = corpus.join("smd");
    let mut paths = Vec::new();
    files(&smd.join("state"), &mut paths);
    let mut report = Report::new("state");
    for path in paths {
        let case = read(&path);
        let name = path.strip_prefix(smd.join("state")).unwrap().with_extension("");
        report.add(&name.to_string_lossy(), run_case(&smd, &case));
    }
    report.finish();
}
