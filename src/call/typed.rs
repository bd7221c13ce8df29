//! What was typed, in its order and before anything is made of it.

/// The request as typed; lists keep the order of the command line.
#[derive(Debug, Clone, Default)]
pub struct Typed {
    /// `-X`, or the METHOD word.
    pub method: Option<String>,
    /// The method came as a word, as with HTTPie, and not from `-X`.
    pub method_word: bool,
    pub url: String,
    pub items: Vec<String>,
    /// `-d` and its kin.
    pub data: Vec<(DataFlag, String)>,
    /// `-F`, `--form-string`.
    pub form: Vec<(FormFlag, String)>,
    /// `-G`
    pub get: bool,
    /// `-I`
    pub head: bool,
    /// `-H`
    pub headers: Vec<String>,
    /// `-A`
    pub user_agent: Option<String>,
    /// `-e`
    pub referer: Option<String>,
    /// `-b`
    pub cookie: Option<String>,
    /// `-r`
    pub range: Option<String>,
    /// `-T`
    pub upload: Option<String>,
    /// `--url-query`
    pub url_query: Vec<String>,
    /// `--compressed`
    pub compressed: bool,
    /// What the items' body becomes.
    pub item_body: ItemBody,
}

/// One of the flags that add to the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataFlag {
    /// `-d`, `--data`, `--data-ascii`
    Data,
    /// `--data-raw`
    Raw,
    /// `--data-binary`
    Binary,
    /// `--data-urlencode`
    UrlEncode,
    /// `--json`
    Json,
}

/// One of the flags that add a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FormFlag {
    /// `-F`
    Form,
    /// `--form-string`
    Literal,
}

/// What HTTPie's items become.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ItemBody {
    /// JSON, or multipart as soon as an item is a file.
    #[default]
    Guess,
    /// `--urlencoded`
    Form,
    /// `--multipart`
    Multipart,
}
