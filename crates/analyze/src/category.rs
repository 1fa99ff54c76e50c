//! What kind of document a text is, by weighted cues: all of them count, none decides alone.

mod cue;

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};
use cue::{CUES, Cue};
use docmill_model::{Category, MediaType};

/// Characters of a zone and what a cue in it counts: the title, the rest of the first page, the pages behind it.
/// What stands later says little about the kind of the whole.
const ZONES: [(usize, u32); 3] = [(200, 4), (1800, 2), (30_000, 1)];

/// Times that one cue counts in one zone: a word that a long text repeats is still one sign.
const CAP: u32 = 2;

/// Points below which a text is a plain document: no common word alone reaches them, a strong cue in the title does.
const THRESHOLD: u32 = 15;

/// Points that a mail has for being one.
const MAIL: u32 = 40;

/// The category with the most points; [`Category::Document`] when none has enough, and of equal ones the first in
/// the order of [`Category::ALL`].
pub fn category(text: &str, media_type: MediaType) -> Category {
    let mut points = [0; Category::ALL.len()];
    if media_type == MediaType::Mail {
        points[Category::Correspondence as usize] = MAIL;
    }
    let mut rest = text.trim_start();
    for (index, (length, factor)) in ZONES.into_iter().enumerate() {
        let end = rest.char_indices().nth(length).map_or(rest.len(), |(at, _)| at);
        let (zone, tail) = rest.split_at(end);
        for (cue, times) in CUES.iter().zip(count(&words(zone))) {
            if index == 0 || !cue.title_only {
                points[cue.category as usize] += cue.weight * times.min(CAP) * factor;
            }
        }
        rest = tail;
    }
    let most = points.into_iter().max().unwrap_or(0);
    if most < THRESHOLD {
        return Category::Document;
    }
    Category::ALL.into_iter().find(|&c| points[c as usize] == most).unwrap_or_default()
}

static FINDER: LazyLock<AhoCorasick> = LazyLock::new(|| {
    AhoCorasick::builder()
        .match_kind(MatchKind::LeftmostLongest)
        .build(CUES.iter().map(|cue: &Cue| cue.phrase))
        .expect("the cues are a small table, far below the automaton's limits")
});

/// How often each cue stands in a zone as whole words; where two begin at one word the longer one counts.
fn count(words: &str) -> Vec<u32> {
    let mut times = vec![0; CUES.len()];
    let bytes = words.as_bytes();
    let is_edge = |at: Option<&u8>| at.is_none_or(|b| *b == b' ');
    for found in FINDER.find_iter(words) {
        let before = found.start().checked_sub(1).and_then(|i| bytes.get(i));
        if is_edge(before) && is_edge(bytes.get(found.end())) {
            times[found.pattern().as_usize()] += 1;
        }
    }
    times
}

/// Lower-case words with single spaces between; everything else counts as space.
fn words(zone: &str) -> String {
    let mut out = String::with_capacity(zone.len());
    for c in zone.chars() {
        if c.is_alphanumeric() {
            out.extend(c.to_lowercase());
        } else if !out.is_empty() && !out.ends_with(' ') {
            out.push(' ');
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, media_type: MediaType, expected: Category) {
        assert_eq!(category(text, media_type), expected, "category of {text:.60}");
    }

    #[test]
    fn documents_are_told_by_their_words() {
        use Category::*;
        for (expected, text) in [
            (Document, ""),
            (Document, "The weather was fine, and the total of our party agreed on a walk."),
            (
                Contract,
                "LEASE AGREEMENT\n\nThis Agreement is made by and between Acme Inc. (\"Lessor\") and Bo Li (\"Lessee\").",
            ),
            (Contract, "Kaufvertrag\n\nZwischen den Vertragsparteien wird vereinbart: Gerichtsstand ist Berlin."),
            (Contract, "CONTRAT DE BAIL\n\nEntre les soussignés, il a été convenu ce qui suit."),
            (
                Affidavit,
                "AFFIDAVIT OF JOHN DOE\n\nJohn Doe, being duly sworn, deposes and says under penalty of perjury",
            ),
            (
                Affidavit,
                "Declaration of Bo Li\n\nI sent Invoice No. 17 and saw no payment. The invoice names the account number.\n\n\
                 I declare under penalty of perjury that the foregoing is true and correct.",
            ),
            (Document, "Declaration of Independence\n\nWhen in the course of human events"),
            (Affidavit, "Eidesstattliche Versicherung\n\nIch versichere an Eides statt, dass"),
            (Correspondence, "Dear Ms. Li,\n\nI am writing to you about the garden.\n\nYours sincerely,\nAnna"),
            (Correspondence, "Sehr geehrte Frau Li,\n\nvielen Dank für Ihr Schreiben.\n\nMit freundlichen Grüßen"),
            (Exhibit, "EXHIBIT A\n\nPhotographs of the house"),
            (
                Deposition,
                "DEPOSITION OF JOHN DOE\n\nThe witness, having been duly sworn.\nExamination by Mr. Li:\nQ. Your name?\nA. John.",
            ),
            (
                LegalFiling,
                "URTEIL\n\nIm Namen des Volkes. Der Kläger verlangt vom Beklagten den Kaufpreis. Landgericht Berlin",
            ),
            (LegalFiling, "TRIBUNAL JUDICIAIRE DE PARIS\n\nLe demandeur a fait délivrer une assignation."),
            (Financial, "INVOICE\nInvoice Number: 2024-117\nSubtotal 100.00\nVAT 19.00\nAmount due 119.00"),
            (Financial, "Rechnung\nRechnungsnummer 12\nGesamtbetrag 100,00 EUR zzgl. MwSt."),
            (Financial, "FACTURE n° 12\nMontant HT 100\nTVA 20\nTotal TTC 120"),
        ] {
            check(text, MediaType::Text, expected);
        }
    }

    #[test]
    fn a_pleading_about_an_agreement_is_no_contract() {
        let text = "IN THE UNITED STATES DISTRICT COURT\n\nACME INC., Plaintiff, v. BO LI, Defendant.\n\nCase No. 1:19-cv-01234\n\n\
            COMPLAINT FOR BREACH OF AGREEMENT\n\nPlaintiff alleges that Defendant broke the Agreement. The Agreement was \
            signed in 2019. The contract says that the agreement ends in 2020. Under the agreement and the contract \
            payment of the total amount was due. See Exhibit A, the agreement.";
        check(text, MediaType::Pdf, Category::LegalFiling);
    }

    #[test]
    fn a_mail_is_correspondence_unless_it_is_clearly_something_else() {
        let mail = "From: a@x.org\nTo: b@x.org\nSubject: invoice\n\n";
        check(&format!("{mail}The invoice is attached."), MediaType::Mail, Category::Correspondence);
        check(&format!("{mail}See you on Monday."), MediaType::Mail, Category::Correspondence);
        let invoice = "Invoice number 5, invoice date 3 May, subtotal 5, VAT 1, amount due 6, due date 5 May.";
        check(&format!("{mail}{invoice}"), MediaType::Mail, Category::Financial);
    }

    #[test]
    fn parts_of_words_are_no_cues() {
        assert_eq!(count("promotion courtesy contracts").iter().sum::<u32>(), 0);
        assert_eq!(words("  L’Accord — N° 5\n"), "l accord n 5 ");
    }

    #[test]
    fn one_word_repeated_does_not_decide_and_length_is_bounded() {
        check(
            &format!("Dear Anna,\n\n{}\n\nSincerely,\nBo", "the total ".repeat(300)),
            MediaType::Text,
            Category::Correspondence,
        );
        check(&"é ".repeat(1 << 20), MediaType::Text, Category::Document);
    }
}
