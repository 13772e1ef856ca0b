create table words(id integer primary key, word text, n integer);
with recursive c(i) as (select 1 union all select i + 1 from c where i < 3000) insert into words(word, n) select hex(i * 2654435761 % 4294967296), i % 97 from c;
create index by_word on words(word);
select n, count(*), group_concat(word) from words group by n order by 2 desc limit 20;
select count(*) from words a join words b on a.n = b.n where a.word like '%A%';
update words set word = word || n where n % 3 = 0;
delete from words where n % 5 = 0;
vacuum;
