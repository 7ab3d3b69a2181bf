//! What a cell's tags ask for, and what follows from them for its result.

use serde_json::Value;

/// The tags that matter when a cell runs. Their names are those that nbclient knows, except
/// `stderr-expected`, which is this project's own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tags {
    /// `raises-exception`: the cell has to fail.
    pub raises: bool,
    /// `skip-execution`: the cell is not run.
    pub skip: bool,
    /// `stderr-expected`: the cell may write to stderr.
    pub stderr: bool,
}

impl Tags {
    /// Reads the tags from a cell's metadata.
    pub fn of(metadata: &Value) -> Tags {
        let has = |name: &str| {
            metadata["tags"]
                .as_array()
                .is_some_and(|tags| tags.iter().any(|tag| tag == name))
        };
        Tags {
            raises: has("raises-exception"),
            skip: has("skip-execution"),
            stderr: has("stderr-expected"),
        }
    }

    /// Judges a cell that the kernel has answered: `None` when all is as the tags say, otherwise
    /// the reason why the cell fails. `refused` is true when the answer was an error.
    pub fn verdict(self, refused: bool, wrote_stderr: bool) -> Option<String> {
        match (refused, self.raises) {
            (true, true) => None,
            (true, false) => Some("the cell ended in an error".to_owned()),
            (false, true) => {
                Some("the cell is tagged `raises-exception` but did not fail".to_owned())
            }
            // The kernel says "ok" to some failures, such as a `?` on an `Err`, and tells of them
            // on stderr alone.
            (false, false) if wrote_stderr && !self.stderr => {
                Some("the cell wrote to stderr (tag it `stderr-expected` if it should)".to_owned())
            }
            (false, false) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn tags(names: &[&str]) -> Tags {
        Tags::of(&json!({"tags": names}))
    }

    #[test]
    fn reads_tags() {
        assert_eq!(Tags::of(&json!({})), Tags::default());
        assert_eq!(
            Tags::of(&json!({"tags": "raises-exception"})),
            Tags::default()
        );
        assert!(tags(&["x", "raises-exception"]).raises);
        assert!(tags(&["skip-execution"]).skip);
        assert!(tags(&["stderr-expected"]).stderr);
    }

    #[test]
    fn a_plain_cell_fails_by_error_or_stderr() {
        assert_eq!(tags(&[]).verdict(false, false), None);
        assert!(tags(&[]).verdict(true, false).unwrap().contains("error"));
        assert!(tags(&[]).verdict(false, true).unwrap().contains("stderr"));
    }

    #[test]
    fn expected_stderr_excuses_stderr_alone() {
        assert_eq!(tags(&["stderr-expected"]).verdict(false, true), None);
        assert!(tags(&["stderr-expected"]).verdict(true, true).is_some());
    }

    #[test]
    fn an_expected_error_has_to_come() {
        assert_eq!(tags(&["raises-exception"]).verdict(true, true), None);
        let reason = tags(&["raises-exception"]).verdict(false, false).unwrap();
        assert!(reason.contains("did not fail"), "{reason}");
    }
}
