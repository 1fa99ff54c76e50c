//! Bad input is data: what is empty, broken, hostile or gone ends with a code and its remedy, in bounded memory and
//! time, and the rest of the folder goes on. All of it through the binary, as a person meets it.

mod content;
mod death;
mod folder;
mod moment;
mod name;
mod pit;
mod workspace;
