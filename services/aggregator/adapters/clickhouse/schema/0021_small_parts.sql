-- Small parts are merged by the handful. By default those that are less than a hundredth of the greatest are left out
-- at the end of a range, down to two parts: where little comes in, each insert had the whole day written anew.
ALTER TABLE series MODIFY SETTING merge_selector_enable_heuristic_to_remove_small_parts_at_right = 0;
ALTER TABLE samples MODIFY SETTING merge_selector_enable_heuristic_to_remove_small_parts_at_right = 0;
ALTER TABLE events MODIFY SETTING merge_selector_enable_heuristic_to_remove_small_parts_at_right = 0;
ALTER TABLE logs MODIFY SETTING merge_selector_enable_heuristic_to_remove_small_parts_at_right = 0;
ALTER TABLE heartbeats MODIFY SETTING merge_selector_enable_heuristic_to_remove_small_parts_at_right = 0;
ALTER TABLE signals MODIFY SETTING merge_selector_enable_heuristic_to_remove_small_parts_at_right = 0;
ALTER TABLE ledger MODIFY SETTING merge_selector_enable_heuristic_to_remove_small_parts_at_right = 0;
ALTER TABLE claim_log MODIFY SETTING merge_selector_enable_heuristic_to_remove_small_parts_at_right = 0;
ALTER TABLE intake_warnings MODIFY SETTING merge_selector_enable_heuristic_to_remove_small_parts_at_right = 0;
ALTER TABLE histograms MODIFY SETTING merge_selector_enable_heuristic_to_remove_small_parts_at_right = 0;
ALTER TABLE exponential_histograms MODIFY SETTING merge_selector_enable_heuristic_to_remove_small_parts_at_right = 0;
ALTER TABLE summaries MODIFY SETTING merge_selector_enable_heuristic_to_remove_small_parts_at_right = 0;
ALTER TABLE exemplars MODIFY SETTING merge_selector_enable_heuristic_to_remove_small_parts_at_right = 0;
ALTER TABLE spans MODIFY SETTING merge_selector_enable_heuristic_to_remove_small_parts_at_right = 0;
ALTER TABLE rollup_minutes MODIFY SETTING merge_selector_enable_heuristic_to_remove_small_parts_at_right = 0;
ALTER TABLE rollup_hours MODIFY SETTING merge_selector_enable_heuristic_to_remove_small_parts_at_right = 0;
ALTER TABLE rollup_days MODIFY SETTING merge_selector_enable_heuristic_to_remove_small_parts_at_right = 0;
ALTER TABLE rollup_marks MODIFY SETTING merge_selector_enable_heuristic_to_remove_small_parts_at_right = 0;
ALTER TABLE usage MODIFY SETTING merge_selector_enable_heuristic_to_remove_small_parts_at_right = 0;
ALTER TABLE audit MODIFY SETTING merge_selector_enable_heuristic_to_remove_small_parts_at_right = 0;
