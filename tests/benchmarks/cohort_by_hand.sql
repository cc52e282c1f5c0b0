-- What the benchmark asks of dipeval, written by hand in DuckDB SQL: CohortRule() with a window, and FollowUp().
-- Views drug_tests, treatment, offences, custody_spells, deaths read the files. Statements end with a semicolon.
create macro age(born, day) as
    year(day) - year(born) - (month(day) * 100 + day(day) < month(born) * 100 + day(born))::int;
create macro kind(grp) as case
    when grp in ('violence_with_injury', 'violence_without_injury') then 'violent'
    when grp in ('criminal_damage', 'public_order') then 'disorder'
    when grp in ('drug_possession', 'drug_supply') then 'drug'
    when grp = 'other' then 'other' else 'acquisitive' end;

-- What dip.event_tables looks for in every record: empty numbers, codes that are not known.
create temp table faults as
select count(*) filter (coalesce(record_id, '') = '') as no_record,
    count(*) filter (coalesce(person_id, '') = '') as no_person,
    count(*) filter (offence_group not in ('shoplifting', 'other_theft', 'theft_from_person', 'theft_of_vehicle',
        'theft_from_vehicle', 'domestic_burglary', 'other_burglary', 'robbery', 'fraud', 'handling',
        'violence_with_injury', 'violence_without_injury', 'criminal_damage', 'public_order', 'drug_possession',
        'drug_supply', 'other', 'motoring')) as strange_group,
    count(*) filter (disposal not in ('caution', 'conviction', 'other', 'none')) as strange_code
from offences
union all
select count(*) filter (coalesce(record_id, '') = ''), count(*) filter (coalesce(person_id, '') = ''),
    count(*) filter (sex not in ('male', 'female', 'unknown')),
    count(*) filter (result not in ('negative', 'opiates', 'cocaine', 'both', 'refused'))
from drug_tests
union all
select count(*) filter (coalesce(record_id, '') = ''), count(*) filter (coalesce(person_id, '') = ''),
    count(*) filter (modality not in ('pharmacological', 'psychosocial', 'recovery_support', 'residential', 'other')), 0
from treatment
union all
select count(*) filter (coalesce(record_id, '') = ''), count(*) filter (coalesce(person_id, '') = ''), 0, 0
from custody_spells
union all
select count(*) filter (coalesce(record_id, '') = ''), count(*) filter (coalesce(person_id, '') = ''), 0, 0
from deaths;

create temp table index_tests as
select person_id, record_id as index_record_id, test_date as index_date, test_date + 42 as time_zero_date,
    date_of_birth, sex, district, result as test_result, age(date_of_birth, test_date) as age_at_index
from (
    select *, row_number() over (partition by person_id order by test_date, record_id) as place
    from drug_tests
    where result in ('opiates', 'cocaine', 'both') and test_date between date '2012-01-01' and date '2018-12-31')
where place = 1;

create temp table spells as
with mine as (
    select person_id, start_date, greatest(coalesce(end_date, date '9999-12-31'), start_date) as end_date
    from custody_spells semi join index_tests using (person_id)),
opened as (
    select *, coalesce(start_date > max(end_date) over (
        partition by person_id order by start_date, end_date rows between unbounded preceding and 1 preceding), true)
        as opens
    from mine),
numbered as (
    select *, sum(opens::int) over (
        partition by person_id order by start_date, end_date rows between unbounded preceding and current row) as island
    from opened)
select person_id, min(start_date) as start_date, max(end_date) as end_date
from numbered group by person_id, island;

create temp table episodes as
select person_id, record_id, start_date, modality,
    greatest(coalesce(end_date, date '9999-12-31'), start_date) as end_date
from treatment semi join index_tests using (person_id);

create temp table periods as
with opened as (
    select *, coalesce(start_date > max(end_date) over (
        partition by person_id order by start_date, end_date rows between unbounded preceding and 1 preceding), true)
        as opens
    from episodes),
numbered as (
    select *, sum(opens::int) over (
        partition by person_id order by start_date, end_date rows between unbounded preceding and current row) as island
    from opened)
select person_id, min(start_date) as start_date, max(end_date) as end_date
from numbered group by person_id, island;

create temp table died as
select person_id, min(death_date) as death_date from deaths semi join index_tests using (person_id) group by person_id;

create temp table assessed as
with flags as (
    select person_id,
        max((start_date < index_date and end_date >= index_date - 28)::int) as prevalent,
        max((start_date between index_date and index_date + 42)::int) as treated,
        min(start_date) filter (start_date between index_date and index_date + 42) as exposure_date,
        arg_min(coalesce(modality, ''), (start_date, record_id))
            filter (start_date between index_date and index_date + 42) as exposure_type,
        max((start_date > index_date + 42 and start_date <= time_zero_date + 547)::int) as started_later,
        max((start_date < index_date and end_date >= index_date - 365)::int) as prior_treatment_12m,
        max((start_date < index_date and end_date >= index_date - 1826)::int) as prior_treatment_5y
    from index_tests join episodes using (person_id) group by person_id),
held as (
    select distinct person_id from index_tests join spells using (person_id)
    where start_date <= time_zero_date and end_date > time_zero_date)
select i.*, coalesce(treated, 0) as treated, exposure_date, coalesce(exposure_type, '') as exposure_type,
    coalesce(started_later, 0) as started_later, coalesce(prior_treatment_12m, 0) as prior_treatment_12m,
    coalesce(prior_treatment_5y, 0) as prior_treatment_5y, death_date,
    case when age_at_index is null then 'age_known'
        when age_at_index < 18 then 'adult'
        when coalesce(prevalent, 0) = 1 then 'not_in_treatment'
        when death_date <= time_zero_date then 'alive'
        when h.person_id is not null then 'at_liberty'
        when time_zero_date + 547 > date '2020-12-31' then 'observable'
        else '' end as lost_at
from index_tests i left join flags using (person_id) left join held h using (person_id)
    left join died using (person_id);

create temp table cohort as select * from assessed where lost_at = '';

create temp table records as
select person_id, record_id, offence_date, offence_group, disposal_date, disposal, coalesce(custodial, false) as custodial,
    index_date, time_zero_date, death_date, kind(offence_group) as kind,
    disposal in ('caution', 'conviction') and disposal_date is not null as proven
from offences join (select person_id, index_date, time_zero_date, death_date from cohort) using (person_id)
where disposal_date is null or disposal_date >= offence_date;

-- Records that repeat, and dates in an impossible order, among those of the people tested.
create temp table repeated as
select count(*) - count(distinct record_id) as n from records
union all
select count(*) filter (end_date < start_date) from custody_spells semi join index_tests using (person_id)
union all
select count(*) filter (end_date < start_date) from treatment semi join index_tests using (person_id);

create temp table people as
with history as (
    select person_id, count(*) as prior_offences_ever,
        count(*) filter (ago <= 365) as prior_offences_12m, count(*) filter (ago <= 1826) as prior_offences_5y,
        count(*) filter (ago <= 365 and kind = 'acquisitive') as prior_acquisitive_12m,
        count(*) filter (ago <= 1826 and kind = 'acquisitive') as prior_acquisitive_5y,
        count(*) filter (ago <= 365 and kind = 'violent') as prior_violent_12m,
        count(*) filter (ago <= 1826 and kind = 'violent') as prior_violent_5y,
        count(*) filter (ago <= 365 and kind = 'disorder') as prior_disorder_12m,
        count(*) filter (ago <= 1826 and kind = 'disorder') as prior_disorder_5y,
        count(*) filter (ago <= 365 and kind = 'drug') as prior_drug_12m,
        count(*) filter (ago <= 1826 and kind = 'drug') as prior_drug_5y,
        count(*) filter (ago <= 91) as offences_quarter_1,
        count(*) filter (ago between 92 and 182) as offences_quarter_2,
        count(*) filter (ago between 183 and 273) as offences_quarter_3,
        count(*) filter (ago between 274 and 364) as offences_quarter_4,
        count(*) filter (ago between 365 and 455) as offences_quarter_5,
        count(*) filter (ago between 456 and 546) as offences_quarter_6,
        count(*) filter (ago between 547 and 637) as offences_quarter_7,
        count(*) filter (ago between 638 and 728) as offences_quarter_8,
        count(distinct disposal_date) filter (disposed <= 365) as prior_sanctions_12m,
        count(distinct disposal_date) filter (disposed <= 1826) as prior_sanctions_5y,
        count(distinct disposal_date) as prior_sanctions_ever,
        count(distinct disposal_date) filter (disposed <= 1826 and custodial) as prior_custodial_sanctions_5y,
        min(offence_date) as first_offence, min(disposal_date) as first_sanction
    from (
        select *, index_date - offence_date as ago, index_date - disposal_date as disposed
        from records where proven and offence_date < index_date and disposal_date < index_date)
    group by person_id),
custody as (
    select person_id, count(*) filter (end_date > index_date - 365) as prior_custody_12m,
        count(*) filter (end_date > index_date - 1826) as prior_custody_5y,
        sum(greatest(0, least(end_date, index_date) - greatest(start_date, index_date - 365)))::bigint
            as prior_custody_days_12m,
        sum(greatest(0, least(end_date, index_date) - greatest(start_date, index_date - 1826)))::bigint
            as prior_custody_days_5y
    from (select person_id, index_date from cohort) join spells using (person_id)
    where start_date < index_date group by person_id),
tests as (
    select person_id, count(*) filter (test_date >= index_date - 365) as prior_tests_12m,
        count(*) filter (test_date >= index_date - 1826) as prior_tests_5y,
        count(*) filter (test_date >= index_date - 365 and result in ('opiates', 'cocaine', 'both'))
            as prior_positive_tests_12m,
        count(*) filter (test_date >= index_date - 1826 and result in ('opiates', 'cocaine', 'both'))
            as prior_positive_tests_5y
    from (select person_id, index_date from cohort) join (select person_id, test_date, result from drug_tests)
        using (person_id)
    where test_date < index_date group by person_id),
courses as (
    select person_id, count(*) as prior_treatment_episodes_5y
    from (select person_id, index_date from cohort) join periods using (person_id)
    where start_date < index_date and end_date >= index_date - 1826 group by person_id),
wide as (
    select c.*, h.* exclude (person_id), u.* exclude (person_id), t.* exclude (person_id),
        prior_treatment_episodes_5y,
        case when first_offence is null then age_at_index else greatest(10, age(date_of_birth, first_offence)) end
            as age_first_offence,
        case when first_sanction is null then age_at_index else greatest(10, age(date_of_birth, first_sanction)) end
            as age_first_sanction
    from cohort c left join history h using (person_id) left join custody u using (person_id)
        left join tests t using (person_id) left join courses using (person_id))
select person_id, index_record_id, index_date, time_zero_date, treated, district, (sex = 'female')::int as female,
    age_at_index, 'not_stated' as ethnicity, test_result, (test_result in ('opiates', 'both'))::int as tested_opiates,
    (test_result in ('cocaine', 'both'))::int as tested_cocaine,
    coalesce(prior_offences_12m, 0) as prior_offences_12m, coalesce(prior_offences_5y, 0) as prior_offences_5y,
    ln(1.0::double + coalesce(prior_offences_5y, 0)) as log_prior_offences_5y,
    coalesce(prior_acquisitive_5y, 0) as prior_acquisitive_5y, coalesce(prior_violent_5y, 0) as prior_violent_5y,
    coalesce(prior_custody_5y, 0) as prior_custody_5y, prior_treatment_5y,
    ln((1 + coalesce(prior_sanctions_ever, 0))::double / (10 + age_at_index - age_first_sanction)) as copas_rate,
    age_first_offence, exposure_date, exposure_type, null::double as risk_score,
    case when age_at_index >= 18 then 'adult' else 'juvenile' end as age_group,
    case when month(index_date) in (12, 1, 2) then 'winter' when month(index_date) <= 5 then 'spring'
        when month(index_date) <= 8 then 'summer' else 'autumn' end as season,
    year(index_date) as index_year,
    case when index_date >= date '2013-10-01' then 'after_national_dip' when index_date >= date '2005-12-01'
        then 'test_on_arrest' when index_date >= date '2003-04-01' then 'test_on_charge' else 'before_dip' end as era,
    coalesce(prior_offences_ever, 0) as prior_offences_ever,
    coalesce(prior_acquisitive_12m, 0) as prior_acquisitive_12m, coalesce(prior_violent_12m, 0) as prior_violent_12m,
    coalesce(prior_disorder_12m, 0) as prior_disorder_12m, coalesce(prior_disorder_5y, 0) as prior_disorder_5y,
    coalesce(prior_drug_12m, 0) as prior_drug_12m, coalesce(prior_drug_5y, 0) as prior_drug_5y,
    coalesce(prior_sanctions_12m, 0) as prior_sanctions_12m, coalesce(prior_sanctions_5y, 0) as prior_sanctions_5y,
    coalesce(prior_sanctions_ever, 0) as prior_sanctions_ever,
    coalesce(prior_custodial_sanctions_5y, 0) as prior_custodial_sanctions_5y,
    coalesce(prior_custody_12m, 0) as prior_custody_12m, coalesce(prior_custody_days_12m, 0) as prior_custody_days_12m,
    coalesce(prior_custody_days_5y, 0) as prior_custody_days_5y, coalesce(prior_tests_12m, 0) as prior_tests_12m,
    coalesce(prior_tests_5y, 0) as prior_tests_5y, coalesce(prior_positive_tests_12m, 0) as prior_positive_tests_12m,
    coalesce(prior_positive_tests_5y, 0) as prior_positive_tests_5y, prior_treatment_12m,
    coalesce(prior_treatment_episodes_5y, 0) as prior_treatment_episodes_5y,
    ln((1 + coalesce(prior_sanctions_ever, 0))::double / (26 + age_at_index - age_first_sanction)) as copas_rate_ogrs4,
    age_first_sanction,
    coalesce(offences_quarter_1, 0) as offences_quarter_1, coalesce(offences_quarter_2, 0) as offences_quarter_2,
    coalesce(offences_quarter_3, 0) as offences_quarter_3, coalesce(offences_quarter_4, 0) as offences_quarter_4,
    coalesce(offences_quarter_5, 0) as offences_quarter_5, coalesce(offences_quarter_6, 0) as offences_quarter_6,
    coalesce(offences_quarter_7, 0) as offences_quarter_7, coalesce(offences_quarter_8, 0) as offences_quarter_8,
    started_later
from wide;

create temp table outcomes as
with counted as (
    select person_id, count(*) as n_reoffences, min(offence_date - time_zero_date) as first_day,
        count(*) filter (kind = 'acquisitive') as n_acquisitive, count(*) filter (kind = 'violent') as n_violent,
        count(*) filter (kind = 'disorder') as n_disorder, count(*) filter (kind = 'drug') as n_drug,
        count(*) filter (kind = 'other') as n_other,
        max((custodial and disposal = 'conviction')::int) as custodial_reconviction
    from records
    where proven and offence_date > time_zero_date and offence_date <= time_zero_date + 365
        and disposal_date <= time_zero_date + 547 and offence_date <= coalesce(death_date, date '9999-12-31')
    group by person_id),
pseudo as (
    select person_id, count(*) as n_pseudo_reconvictions
    from records
    where proven and offence_date <= time_zero_date and disposal_date > time_zero_date
        and disposal_date <= time_zero_date + 547
    group by person_id),
base as (
    select person_id, time_zero_date, death_date, n.* exclude (person_id), n_pseudo_reconvictions,
        coalesce(death_date <= time_zero_date + 365, false) as dies,
        least(365, coalesce(death_date - time_zero_date, 365)) as observed_days
    from cohort left join counted n using (person_id) left join pseudo using (person_id)),
timed as (
    select *, coalesce(first_day, observed_days) as until, coalesce(first_day, observed_days + 1)::int as night from base),
held as (
    select person_id,
        sum(greatest(0, least(end_date, time_zero_date + 366, coalesce(death_date, date '9999-12-31'))
            - greatest(start_date, time_zero_date + 1)))::bigint as custody_days,
        sum(greatest(0, least(end_date, time_zero_date + night, coalesce(death_date, date '9999-12-31'))
            - greatest(start_date, time_zero_date + 1)))::bigint as custody_until
    from timed join spells using (person_id) group by person_id)
select person_id, (first_day is not null)::int as reoffended, coalesce(n_reoffences, 0) as n_reoffences,
    first_day::double as days_to_first_reoffence, until::double as time_days, (first_day is not null)::int as event,
    case when first_day is not null then '' when dies then 'death' else 'end_of_follow_up' end as censor_reason,
    coalesce(custody_days, 0) as custody_days, coalesce(n_acquisitive, 0) as n_acquisitive,
    coalesce(n_violent, 0) as n_violent, coalesce(n_disorder, 0) as n_disorder, coalesce(n_drug, 0) as n_drug,
    coalesce(n_other, 0) as n_other, coalesce(custodial_reconviction, 0) as custodial_reconviction,
    coalesce(n_pseudo_reconvictions, 0) as n_pseudo_reconvictions, null::double as severity_score,
    observed_days, observed_days - coalesce(custody_days, 0) as at_risk_days,
    until - coalesce(custody_until, 0) as time_at_risk_days
from timed left join held using (person_id);

create temp table by_group as
select person_id, offence_group, count(*) as n_reoffences
from records
where proven and offence_date > time_zero_date and offence_date <= time_zero_date + 365
    and disposal_date <= time_zero_date + 547 and offence_date <= coalesce(death_date, date '9999-12-31')
group by person_id, offence_group;

create temp table excluded as
with days as (
    select offence_date - time_zero_date as committed, disposal_date - time_zero_date as dealt, proven,
        offence_date <= coalesce(death_date, date '9999-12-31') as alive
    from records)
select case
        when proven and committed <= 0 and dealt > 0 and dealt <= 547 then 'pseudo_reconviction'
        when proven and committed = 0 then 'on_index_day'
        when committed not between 1 and 365 then null
        when not alive then 'after_death'
        when not proven then 'not_proven'
        when dealt > 547 then 'disposed_too_late' end as reason,
    count(*) as n
from days where reason is not null group by reason;

create temp table attrition as
select 'tested' as step, count(distinct person_id) as n_people from drug_tests
union all
select 'positive', count(distinct person_id) from drug_tests where result in ('opiates', 'cocaine', 'both')
union all
select 'in_window', count(*) from assessed
union all
select lost_at, count(*) from assessed where lost_at <> '' group by lost_at;
