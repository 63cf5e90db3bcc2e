-- Parts are merged eight and more of a kind at once, instead of five: samples are written anew half as often. A question
-- reads more parts, of which it leaves out those that lie before or after its time.
ALTER TABLE samples MODIFY SETTING merge_selector_base = 8;
