//! What the description of the API says beside its routes.

use utoipa::openapi::{
    ComponentsBuilder, InfoBuilder, OpenApi, OpenApiBuilder,
    security::{Http, HttpAuthScheme, SecurityScheme},
    tag::TagBuilder,
};

const ABOUT: &str = "What desktop apps talk to: JSON:API documents, each answer signed with Ed25519. `/v1/accounts/{anything}/…` names the same paths. Errors are documents with one error, whose `code` is for programs and whose `detail` is for people.";

const KEY: &str =
    "The license key: `Authorization: License KEY`, or Basic with the user `license` and the key as password.";

/// Title, credentials and groups.
pub(super) fn about() -> OpenApi {
    let mut scheme = Http::new(HttpAuthScheme::Basic);
    scheme.description = Some(KEY.to_owned());
    let tag = |name: &str, text: &str| TagBuilder::new().name(name).description(Some(text)).build();
    OpenApiBuilder::new()
        .info(InfoBuilder::new().title("Activation API").version("1.8").description(Some(ABOUT)).build())
        .components(Some(ComponentsBuilder::new().security_scheme("license_key", SecurityScheme::Http(scheme)).build()))
        .tags(Some([
            tag("Licenses", "Is this license good for this use? What does it carry?"),
            tag("Machines", "Activate a computer, keep it alive, free its place."),
            tag("Files", "Signed files with which an app works offline."),
            tag("Server", "Is the server there?"),
        ]))
        .build()
}
