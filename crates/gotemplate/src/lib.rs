//! Go text/template with the Sprig functions, from template and data to text.
