//! A body as rows of styled pieces, of which only those in view are made.
//!
//! A row is found by the place where it begins, not by its number: so the end of a large body is shown
//! without counting what comes before it.

/// Bytes of one row at most; longer lines are several rows.
pub const LONGEST: u64 = 4096;

/// What a piece of a row is, for the eye.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ink {
    /// As it is.
    #[default]
    Plain,
    /// A name.
    Key,
    /// A text.
    String,
    /// A number, or a word that stands for a value.
    Number,
    /// Brackets, colons, commas.
    Punctuation,
    /// Markup.
    Tag,
    /// What the maker says aside.
    Comment,
    /// Our words, not the body's.
    Dim,
    /// Our words about something wrong.
    Notable,
}

/// A piece of a row: captured bytes, to be sanitised where they are drawn.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Piece {
    /// What it is.
    pub ink: Ink,
    /// Its bytes.
    pub text: Vec<u8>,
}

impl Piece {
    /// A piece.
    #[must_use]
    pub fn new(ink: Ink, text: impl Into<Vec<u8>>) -> Self {
        Self { ink, text: text.into() }
    }
}

/// How a row that opens something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fold {
    /// What it opens is shown.
    Open,
    /// What it opens is left out.
    Closed,
}

/// One row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// Steps of indentation.
    pub depth: u32,
    /// What stands there.
    pub pieces: Vec<Piece>,
    /// Columns by which its further lines are in, when it is wrapped.
    pub hang: usize,
    /// Whether something can be folded here.
    pub fold: Option<Fold>,
    /// Whether it goes on a line that began in the row before.
    pub continues: bool,
}

/// Where a row begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Spot {
    /// The place in what the view counts by: a byte, or a row's number.
    pub at: u64,
    /// What else the view must know to make the row.
    pub depth: u32,
}

/// What becomes of folds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Folding {
    /// This one closed when open, open when closed.
    Turn(Spot),
    /// This one closed or open.
    Set(Spot, Fold),
    /// All closed.
    CloseAll,
    /// All open.
    OpenAll,
}

/// How far a search has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Search {
    /// Found, at this place of what is searched.
    Hit(u64),
    /// Not yet: go on from here.
    More(u64),
    /// Not there.
    None,
}

/// A body as rows.
///
/// What is asked is answered at once from what is known; what is not known yet is `None`, and
/// [`Rows::advance`] brings it nearer.
pub trait Rows: Send {
    /// The first row, when there is one.
    fn first(&self) -> Option<Spot>;
    /// The last row; `None` also while it is not known.
    fn last(&self) -> Option<Spot>;
    /// The row below.
    fn next(&self, spot: Spot) -> Option<Spot>;
    /// The row above.
    fn prev(&self, spot: Spot) -> Option<Spot>;
    /// The row that holds a place, opened where it is folded away; `None` also while it is not known.
    fn reveal(&mut self, at: u64) -> Option<Spot>;
    /// The row to be drawn.
    fn row(&self, spot: Spot) -> Row;
    /// Its number from 0, when it is known.
    fn number(&self, spot: Spot) -> Option<u64>;
    /// How many rows are known, and whether that is all.
    fn count(&self) -> (u64, bool);
    /// Goes on finding rows for about so many bytes; whether there is more to find among what is there.
    fn advance(&mut self, bytes: usize) -> bool;
    /// The place up to which rows were found.
    fn found(&self) -> u64;
    /// Looks for a needle from a place on (the place itself included), or before it, through at most
    /// `budget` bytes.
    fn find(&self, needle: &super::Needle, from: u64, forward: bool, budget: usize) -> Search;

    /// Folds or unfolds; the row where the cursor belongs when it stood at `cursor`.
    fn fold(&mut self, folding: Folding, cursor: Spot) -> Spot {
        let _ = folding;
        cursor
    }
    /// The row that opens what a row stands in.
    fn parent(&self, spot: Spot) -> Option<Spot> {
        let _ = spot;
        None
    }
    /// Where the row's value is in the whole, in the words of its format: `$.items[3].name`.
    fn path(&self, spot: Spot) -> Option<String> {
        let _ = spot;
        None
    }
    /// The row's value.
    fn value(&self, spot: Spot) -> Option<Vec<u8>> {
        let _ = spot;
        None
    }
    /// What was found wrong, in words.
    fn trouble(&self) -> Option<String> {
        None
    }
}
