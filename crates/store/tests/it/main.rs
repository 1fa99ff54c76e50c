//! The conformance suite of [`docmill_store::Store`]: each case runs on each backend.

mod claim;
mod commit;
mod decision;
mod fold;
mod forget;
mod graph;
mod identity;
mod outbox;
mod read;
mod relation;
mod retry;
mod search;
mod submit;
mod world;

/// Writes each case as a test of a backend.
macro_rules! suite {
    ($backend:ident: $open:expr; $($theme:ident { $($case:ident)* })*) => {
        mod $backend {
            $(mod $theme {
                $(#[tokio::test]
                async fn $case() {
                    crate::$theme::$case(&crate::world::World::new(&$open)).await;
                })*
            })*
        }
    };
}

/// All cases; another backend is another line at the end of this file.
macro_rules! suite_on {
    ($backend:ident: $open:expr) => {
        suite! { $backend: $open;
            submit {
                new_bytes_become_a_document_with_a_message_for_its_first_stage
                the_same_bytes_are_one_document_wherever_they_lie
                a_changed_file_takes_its_path_over_and_the_old_document_leaves
                a_document_stays_while_one_source_is_left
                the_same_path_in_two_projects_is_two_sources
                what_failed_for_want_of_its_bytes_is_tried_again_when_they_are_seen
                sources_are_listed_below_a_folder_in_the_order_of_their_bytes
                a_file_that_cannot_be_read_is_noted_until_it_can
                callers_names_come_back_as_they_came
            }
            claim {
                a_claim_is_answered_by_the_state_of_the_stage
                attempts_and_deaths_are_counted_as_long_as_the_input_is_the_same
                pages_outlive_a_death_and_go_when_the_input_changes
                a_newer_claim_fences_the_older_one_off
                a_lease_does_not_outlive_its_document
                a_document_is_as_its_worst_stage
            }
            commit {
                each_output_comes_back_as_it_was
                texts_longer_than_a_segment_come_back_whole
                a_stage_with_the_same_output_ends_the_flow_there
                a_stage_with_another_output_goes_on
                a_stage_without_an_output_leaves_nothing_of_an_earlier_one
                warnings_of_pages_join_those_of_the_document_and_a_loss_makes_it_partial
                each_attempt_is_in_the_history_with_its_chain
                members_become_documents_and_follow_their_container
                a_container_that_holds_itself_is_no_member_of_itself
            }
            outbox {
                a_message_stays_until_its_stage_is_claimed
                a_new_life_of_the_broker_gets_everything_again
                what_was_cut_off_comes_first_and_what_runs_alone_last
                a_message_that_came_too_early_is_sent_again_in_time
                a_stage_cut_off_runs_again_first_and_alone
                what_runs_alone_waits_for_all_others
            }
            retry {
                a_selection_names_documents_codes_and_stages
                a_retried_stage_is_a_new_task_and_its_document_leaves_the_graph_meanwhile
                another_version_is_found_outdated_and_reprocessed_from_there
                reprocessing_from_a_stage_leaves_unfinished_documents_alone
            }
            forget {
                nothing_is_left_of_a_forgotten_document
                children_go_with_their_last_container
                a_member_that_is_also_a_file_stays
                sources_that_are_gone_take_their_documents_along
                a_document_forgotten_and_added_again_is_as_at_first
                bytes_are_needed_as_long_as_a_document_has_them
            }
            graph {
                documents_that_are_not_complete_are_not_in_the_graph
                another_version_of_the_fold_folds_everything_anew
                a_profile_that_changes_during_the_fold_is_folded_again
                an_entity_leaves_with_its_last_referent
                a_referent_that_changes_its_profile_takes_its_entity_along
                rows_come_in_the_same_order_page_by_page
            }
            identity {
                profiles_add_up_what_complete_documents_say
                links_are_seen_from_both_sides_and_leave_with_their_profiles
                links_that_were_computed_of_an_older_state_are_refused
                a_document_that_has_two_profiles_of_an_entity_counts_once
                an_id_that_an_entity_had_leads_to_what_it_became
                doubtful_pairs_are_told_once_with_their_best_link
                members_and_mentions_are_found_by_their_entity
            }
            decision {
                a_decision_is_kept_once_and_comes_back_in_order
                an_anchor_finds_its_referent_by_normal_form_and_else_by_quote
                a_decision_sleeps_while_its_document_is_away
                what_is_one_profile_is_held_apart_until_it_is_undone
                whom_a_decision_joined_is_folded_again_when_the_other_leaves_the_graph
                what_its_stage_keeps_apart_stays_apart
                a_decision_of_another_project_has_no_effect
            }
            relation {
                one_without_a_direction_runs_from_the_lesser_entity_however_it_was_told
                one_with_a_direction_keeps_it_on_either_side
                reading_ends_when_enough_was_read
            }
            search {
                a_query_is_words_and_phrases_without_operators
                passages_are_found_by_their_section_and_by_what_their_document_is_called
                what_says_the_same_stands_behind_the_best_that_says_it
                a_filter_holds_for_the_passage
                a_date_counts_that_lies_wholly_between_the_days
                hits_show_their_own_chunk
                documents_are_found_by_path_name_and_id
            }
            read {
                words_are_read_page_by_page
                the_overview_counts_what_is_there
                ids_come_in_order_page_by_page
                a_document_that_is_not_there_is_not_found
            }
        }
    };
}

suite_on!(sqlite: crate::world::Sqlite::new());
