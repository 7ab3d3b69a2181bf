# A machine with accounts, in which a hub is started and a program visits it. Whatever it changes
# lies in folders of the test; and all ends with this process, the first of its own namespace.
#
# room.sh REPOSITORY PROGRAM ARGUMENTS…   with STUDENTS, names
set -eu
repository=$1
shift
groupadd students
for name in teacher $STUDENTS open mallory; do
    useradd --create-home --key HOME_MODE=0700 --shell /bin/bash "$name"
    echo "$name:word-of-$name" | chpasswd --crypt-method SHA512
done
for name in $STUDENTS open; do usermod --append --groups students "$name"; done
# A home that others can look into, and somebody who is not of the course.
chmod 755 /home/open
mv /srv/course /home/teacher/concurrency
chown -R teacher:teacher /home/teacher
cd /
"$repository/target/debug/lab" hub > /srv/hub.log 2>&1 &
export PYTHONPATH="$repository/hub"
exec "$repository/.venv/bin/python" -B "$repository/tests/tests/whole/hub/$@"
