//! The names of a message's attachments.

use super::mime::Part;
use crate::member::last_component;

/// The name of a part: what it is called itself, or a name from its place and type. `position` counts from 1
/// among all parts of the message.
pub(super) fn name(part: &Part<'_>, mime: &str, position: usize) -> String {
    let disposition = part.fields.content_disposition();
    let given = disposition
        .as_ref()
        .and_then(|d| d.attribute("filename"))
        .or_else(|| part.attribute("name"))
        .map(last_component)
        .filter(|name| !name.is_empty());
    given.unwrap_or_else(|| match mime {
        "message/rfc822" | "message/global" => "forwarded.eml".to_owned(),
        _ => format!("part-{position}.{}", ending(mime)),
    })
}

fn ending(mime: &str) -> &'static str {
    match mime {
        "text/plain" | "message/delivery-status" | "message/disposition-notification" => "txt",
        "text/html" => "html",
        "text/calendar" => "ics",
        "text/csv" => "csv",
        "text/rtf" | "application/rtf" => "rtf",
        "application/pdf" => "pdf",
        "application/zip" => "zip",
        "application/ms-tnef" => "dat",
        "application/pkcs7-signature" => "p7s",
        "image/png" => "png",
        "image/jpeg" => "jpg",
        "image/gif" => "gif",
        "image/tiff" => "tif",
        _ => "bin",
    }
}
