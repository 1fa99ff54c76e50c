//! States and countries: what a town may be said to lie in.

/// States of the USA, countries and provinces by their usual English names, in lower case. Sorted.
#[rustfmt::skip]
const REGIONS: &[&str] = &[
    "afghanistan", "alabama", "alaska", "albania", "alberta", "algeria", "angola", "argentina", "arizona", "arkansas",
    "armenia", "australia", "austria", "azerbaijan", "bahrain", "bangladesh", "bavaria", "belarus", "belgium",
    "bolivia", "bosnia", "botswana", "brazil", "british columbia", "bulgaria", "burma", "ca", "calif", "california",
    "cambodia", "cameroon", "canada", "chile", "china", "colombia", "colorado", "connecticut", "costa rica",
    "croatia", "cuba", "cyprus", "czech republic", "d.c", "dc", "delaware", "denmark", "district of columbia",
    "ecuador", "egypt", "el salvador", "england", "estonia", "ethiopia", "finland", "florida", "france", "georgia",
    "germany", "ghana", "great britain", "greece", "guatemala", "haiti", "hawaii", "honduras", "hungary", "iceland",
    "idaho", "illinois", "india", "indiana", "indonesia", "iowa", "iran", "iraq", "ireland", "israel", "italy",
    "jamaica", "japan", "jordan", "kansas", "kazakhstan", "kentucky", "kenya", "kosovo", "kuwait", "laos", "latvia",
    "lebanon", "libya", "liechtenstein", "lithuania", "louisiana", "luxembourg", "maine", "malaysia", "malta",
    "manitoba", "maryland", "massachusetts", "mexico", "michigan", "minnesota", "mississippi", "missouri", "moldova",
    "monaco", "mongolia", "montana", "morocco", "mozambique", "myanmar", "namibia", "nebraska", "nepal",
    "netherlands", "nevada", "new brunswick", "new hampshire", "new jersey", "new mexico", "new south wales",
    "new york", "new zealand", "nicaragua", "nigeria", "north carolina", "north dakota", "north korea",
    "northern ireland", "norway", "nova scotia", "ny", "ohio", "oklahoma", "oman", "ontario", "oregon", "pakistan",
    "panama", "paraguay", "pennsylvania", "peru", "philippines", "poland", "portugal", "qatar", "quebec",
    "queensland", "rhode island", "romania", "russia", "rwanda", "saskatchewan", "saudi arabia", "scotland",
    "senegal", "serbia", "singapore", "slovakia", "slovenia", "somalia", "south africa", "south carolina",
    "south dakota", "south korea", "spain", "sri lanka", "sudan", "sweden", "switzerland", "syria", "taiwan",
    "tanzania", "tasmania", "tennessee", "texas", "thailand", "the netherlands", "tunisia", "turkey", "tx", "u.k",
    "u.s", "u.s.a", "uganda", "uk", "ukraine", "united kingdom", "united states", "united states of america",
    "uruguay", "us", "usa", "utah", "uzbekistan", "venezuela", "vermont", "victoria", "vietnam", "virginia", "wales",
    "washington", "west virginia", "wisconsin", "wyoming", "yemen", "zambia", "zimbabwe",
];

/// Whether this is the name of a state or country.
pub(super) fn is_region(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_lowercase().replace(". ", ".");
    REGIONS.binary_search(&name.as_str()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_and_countries_are_known_however_they_are_written() {
        assert!(REGIONS.is_sorted_by(|a, b| a < b), "{:?}", REGIONS.windows(2).find(|w| w[0] >= w[1]));
        for (name, expected) in
            [("Maine", true), ("UNITED STATES", true), ("U.S.", true), ("U. S.", true), ("Berlin", false), ("", false)]
        {
            assert_eq!(is_region(name), expected, "{name}");
        }
    }
}
