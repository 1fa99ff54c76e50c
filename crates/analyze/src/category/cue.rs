//! The cues: words and phrases that are typical for a category, in English, German and French.

use docmill_model::Category;

/// A phrase in lower-case words with single spaces between.
pub(super) struct Cue {
    pub category: Category,
    /// From 1, common in other documents too, to 6, which hardly stands anywhere else.
    pub weight: u32,
    /// Counts in the title only: elsewhere it speaks of another document.
    pub title_only: bool,
    pub phrase: &'static str,
}

macro_rules! cues {
    ($($category:ident $place:ident { $($weight:literal: $($phrase:literal),+;)+ })*) => {
        &[$($($(Cue {
            category: Category::$category,
            weight: $weight,
            title_only: cues!(@$place),
            phrase: $phrase,
        },)+)+)*]
    };
    (@title) => { true };
    (@anywhere) => { false };
}

/// Every phrase stands here once.
#[rustfmt::skip]
pub(super) const CUES: &[Cue] = cues! {
    Contract anywhere {
        6: "vertragsparteien", "salvatorische klausel", "entre les soussignés", "lease agreement";
        5: "this agreement", "by and between", "the parties agree", "in witness whereof", "now therefore", "il a été convenu",
           "entire agreement", "mietvertrag", "kaufvertrag", "arbeitsvertrag", "the parties hereto", "contrat de";
        3: "governing law", "lessor", "lessee", "licensor", "licensee", "force majeure", "vertrag", "vereinbarung", "contrat";
        2: "agreement", "contract", "hereinafter", "effective date", "indemnify", "gerichtsstand", "les parties", "ci après";
        1: "termination", "hereby", "kündigung", "accord";
    }
    Affidavit anywhere {
        6: "being duly sworn", "subscribed and sworn", "eidesstattliche versicherung", "an eides statt",
           "attestation sur l honneur", "déclaration sous serment", "sworn statement", "declare under penalty of perjury",
           "foregoing is true and correct", "28 u s c 1746";
        5: "affidavit of", "affiant", "under penalty of perjury", "declaration under";
        3: "affidavit", "notary public";
    }
    Affidavit title {
        3: "declaration of", "erklärung von", "déclaration de";
    }
    Correspondence anywhere {
        6: "yours faithfully", "yours sincerely", "mit freundlichen grüßen", "mit freundlichen grüssen", "veuillez agréer";
        5: "sehr geehrte", "sehr geehrter", "dear sir", "dear madam", "dear mr", "dear ms", "dear mrs", "madame monsieur";
        4: "dear", "sincerely", "best regards", "kind regards", "i am writing", "enclosed please find", "thank you for your letter",
           "viele grüße", "cordialement", "ihr schreiben";
        2: "regards", "betreff", "objet", "gruß";
        1: "letter", "subject";
    }
    Exhibit title {
        6: "exhibit", "annex", "annexe", "anlage", "anhang";
        4: "appendix", "attachment", "pièce n";
    }
    Deposition anywhere {
        6: "deposition of", "having been duly sworn", "vernehmungsprotokoll", "procès verbal d audition";
        4: "deposition", "court reporter", "direct examination", "cross examination", "examination by", "vernehmung",
           "zeugenaussage", "déposition de", "audition de témoin", "the deponent";
        2: "testimony", "transcript", "the witness";
        1: "witness", "q";
    }
    LegalFiling anywhere {
        6: "im namen des volkes", "comes now", "prayer for relief", "memorandum of law", "motion to dismiss",
           "motion for summary judgment", "brief in support";
        5: "district court", "court of appeals", "superior court", "cour d appel", "cour de cassation", "tribunal judiciaire";
        4: "plaintiff", "plaintiffs", "defendant", "defendants", "civil action", "kläger", "klägerin", "beklagte", "beklagten",
           "landgericht", "oberlandesgericht", "klageschrift", "demandeur", "défendeur", "assignation";
        3: "supreme court", "case no", "petitioner", "respondent", "appellant", "appellee", "amtsgericht", "bundesgerichtshof",
           "urteil", "klage", "tribunal", "jugement";
        2: "complaint", "motion", "judgment", "docket", "beschluss", "aktenzeichen", "requête", "vs";
        1: "court", "jurisdiction", "alleges", "v";
    }
    Financial anywhere {
        6: "balance sheet", "bank statement", "income statement", "kontoauszug", "total ttc", "relevé de compte";
        5: "invoice number", "invoice no", "invoice date", "amount due", "total due", "rechnungsnummer", "rechnungsdatum",
           "gesamtbetrag", "rechnungsbetrag", "numéro de facture";
        4: "invoice", "subtotal", "net income", "cash flow", "rechnung", "mwst", "facture", "tva", "bilanz";
        3: "due date", "account number", "receipt", "umsatzsteuer", "zahlbar", "vat";
        2: "balance", "revenue", "fiscal year", "montant";
        1: "payment", "total", "amount", "tax";
    }
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cues_are_lower_case_words_and_each_stands_once() {
        let mut phrases: Vec<_> = CUES.iter().map(|c| c.phrase).collect();
        for phrase in &phrases {
            let folded: Vec<_> = phrase.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase).collect();
            assert_eq!(folded.join(" "), *phrase);
        }
        phrases.sort_unstable();
        let count = phrases.len();
        phrases.dedup();
        assert_eq!(phrases.len(), count);
    }
}
