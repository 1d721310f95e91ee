//! Secret: `stringData` is for writing only.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use object::Value;

pub(super) fn fold_string_data(secret: &mut Value) {
    let Some(Value::Map(texts)) = secret.make_map().remove("stringData") else { return };
    if texts.is_empty() {
        return;
    }
    let data = secret.make_map().entry("data").make_map();
    for (key, text) in texts.iter() {
        if let Some(text) = text.as_str() {
            data.insert(key, STANDARD.encode(text));
        }
    }
}
