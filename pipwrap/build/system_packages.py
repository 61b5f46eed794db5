"""Which packages of operating systems hold what builds look for; pure.

A row is a line of packages, Debian's, Fedora's, Alpine's, Arch's and Homebrew's, and indented lines
of what they hold: headers (``yaml.h``, or ``libxml/`` for all below), libraries (``-lyaml``),
pkg-config modules (``yaml-0.1.pc``), CMake packages (``HDF5.cmake``), programs (``bin/cmake``), and
other names that messages use. The first row that has something counts, upper case or lower.

``=`` is the name before it, ``-`` none. ``{python}`` is the target's version, as ``3.13``: every
Python of Debian and Fedora has headers of its own. ``xcode-select`` begins a whole command.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

SYSTEMS = ("debian", "fedora", "alpine", "arch", "homebrew")

_TABLE = """
gcc | = | build-base | gcc | xcode-select --install
    bin/cc bin/gcc bin/ld bin/as bin/ar bin/ranlib bin/cpp -lgcc -lgcc_s
libc6-dev | glibc-devel | musl-dev | glibc | xcode-select --install
    stdio.h stdlib.h string.h errno.h limits.h assert.h features.h math.h unistd.h pthread.h
    -lc -lm -lpthread -ldl -lrt
g++ | gcc-c++ | build-base | gcc | xcode-select --install
    bin/c++ bin/g++ -lstdc++ iostream vector string memory cstdint cmath algorithm
make | = | = | = | xcode-select --install
    bin/make bin/gmake
clang | = | = | = | xcode-select --install
    bin/clang bin/clang++
libclang-dev | clang-devel | clang-dev | clang | llvm
    clang-c/ -lclang libclang Clang.cmake libclang.so
llvm-dev | llvm-devel | llvm-dev | llvm | =
    bin/llvm-config llvm/ llvm-c/ LLVM.cmake
gfortran | gcc-gfortran | gfortran | gcc-fortran | gcc
    bin/gfortran bin/f95 bin/f77 -lgfortran
python{python}-dev | python{python}-devel | python3-dev | python | python@{python}
    Python.h pyconfig.h patchlevel.h python3.pc python3-embed.pc bin/python3-config
    Python3.cmake Python.cmake PythonLibs.cmake -lpython{python} python-{python}.pc
rustc cargo | rust cargo | = | rust | =
    bin/rustc rust
cargo | = | = | rust | =
    bin/cargo
golang-go | golang | go | = | =
    bin/go
cmake | = | = | = | =
    bin/cmake
ninja-build | = | samurai | ninja | =
    bin/ninja
meson | = | = | = | =
    bin/meson
pkg-config | pkgconf-pkg-config | pkgconf | = | =
    bin/pkg-config bin/pkgconf PkgConfig.cmake
autoconf | = | = | = | =
    bin/autoconf bin/autoreconf bin/autoheader
automake | = | = | = | =
    bin/automake bin/aclocal
swig | = | = | = | =
    bin/swig bin/swig4.0 SWIG.cmake
flex | = | = | = | =
    bin/flex bin/lex FLEX.cmake FlexLexer.h
nasm | = | = | = | =
    bin/nasm
patchelf | = | = | = | =
    bin/patchelf
git | = | = | = | =
    bin/git Git.cmake
perl | = | = | = | =
    bin/perl Perl.cmake
gettext | = | gettext-dev | gettext | =
    bin/msgfmt bin/xgettext libintl.h
protobuf-compiler | = | protoc | protobuf | =
    bin/protoc
libprotobuf-dev | protobuf-devel | protobuf-dev | protobuf | =
    google/protobuf/ -lprotobuf protobuf.pc Protobuf.cmake
libgrpc++-dev | grpc-devel | grpc-dev | grpc | =
    grpcpp/ grpc/ grpc++.pc grpc.pc gRPC.cmake -lgrpc -lgrpc++
default-jdk | java-devel | openjdk21 | jdk-openjdk | openjdk
    bin/javac jni.h JNI.cmake
libyaml-dev | libyaml-devel | yaml-dev | libyaml | =
    yaml.h -lyaml yaml-0.1.pc
libffi-dev | libffi-devel | libffi-dev | libffi | =
    ffi.h ffitarget.h -lffi libffi.pc
libssl-dev | openssl-devel | openssl-dev | openssl | openssl@3
    openssl/ -lssl -lcrypto openssl.pc libssl.pc libcrypto.pc OpenSSL.cmake
zlib1g-dev | zlib-ng-compat-devel | zlib-dev | zlib | =
    zlib.h zconf.h -lz zlib.pc ZLIB.cmake
libbz2-dev | bzip2-devel | bzip2-dev | bzip2 | =
    bzlib.h -lbz2 bzip2.pc BZip2.cmake
liblzma-dev | xz-devel | xz-dev | xz | =
    lzma.h lzma/ -llzma liblzma.pc LibLZMA.cmake
libzstd-dev | libzstd-devel | zstd-dev | zstd | =
    zstd.h zdict.h -lzstd libzstd.pc zstd.cmake
liblz4-dev | lz4-devel | lz4-dev | lz4 | =
    lz4.h lz4frame.h lz4hc.h -llz4 liblz4.pc
libsnappy-dev | snappy-devel | snappy-dev | snappy | =
    snappy.h snappy-c.h -lsnappy snappy.pc Snappy.cmake
libbrotli-dev | brotli-devel | brotli-dev | brotli | =
    brotli/ -lbrotlicommon -lbrotlienc -lbrotlidec libbrotlienc.pc libbrotlidec.pc
libarchive-dev | libarchive-devel | libarchive-dev | libarchive | =
    archive.h archive_entry.h -larchive libarchive.pc LibArchive.cmake
libzip-dev | libzip-devel | libzip-dev | libzip | =
    zip.h -lzip libzip.pc libzip.cmake
libxml2-dev | libxml2-devel | libxml2-dev | libxml2 | =
    libxml/ -lxml2 libxml-2.0.pc LibXml2.cmake bin/xml2-config
libxslt1-dev | libxslt-devel | libxslt-dev | libxslt | =
    libxslt/ libexslt/ -lxslt -lexslt libxslt.pc libexslt.pc LibXslt.cmake bin/xslt-config
libxmlsec1-dev | xmlsec1-devel xmlsec1-openssl-devel | xmlsec-dev | xmlsec | libxmlsec1
    xmlsec/ -lxmlsec1 -lxmlsec1-openssl xmlsec1.pc xmlsec1-openssl.pc bin/xmlsec1-config
libexpat1-dev | expat-devel | expat-dev | expat | =
    expat.h -lexpat expat.pc EXPAT.cmake
libpq-dev | libpq-devel | libpq-dev | postgresql-libs | libpq
    libpq-fe.h libpq/ pg_config.h -lpq libpq.pc PostgreSQL.cmake bin/pg_config
postgresql-server-dev-all | postgresql-server-devel | postgresql-dev | postgresql | =
    postgres.h postgres_fe.h
default-libmysqlclient-dev | mariadb-connector-c-devel | mariadb-dev | mariadb-libs | mysql-client
    mysql.h mysql/ -lmysqlclient mysqlclient.pc bin/mysql_config MySQL.cmake
libmariadb-dev | mariadb-connector-c-devel | mariadb-dev | mariadb-libs | mariadb-connector-c
    mariadb/ -lmariadb mariadb.pc libmariadb.pc bin/mariadb_config
libsqlite3-dev | sqlite-devel | sqlite-dev | sqlite | =
    sqlite3.h sqlite3ext.h -lsqlite3 sqlite3.pc SQLite3.cmake
libsqlcipher-dev | sqlcipher-devel | sqlcipher-dev | sqlcipher | =
    sqlcipher/ -lsqlcipher sqlcipher.pc
unixodbc-dev | unixODBC-devel | unixodbc-dev | unixodbc | =
    sql.h sqlext.h sqltypes.h sqlucode.h odbcinst.h -lodbc odbc.pc bin/odbc_config ODBC.cmake
freetds-dev | freetds-devel | freetds-dev | freetds | =
    sqlfront.h sybdb.h ctpublic.h -lsybdb -lct
libdb-dev | libdb-devel | db-dev | db | berkeley-db
    db.h -ldb
liblmdb-dev | lmdb-devel | lmdb-dev | lmdb | =
    lmdb.h -llmdb lmdb.pc
libleveldb-dev | leveldb-devel | leveldb-dev | leveldb | =
    leveldb/ -lleveldb leveldb.cmake
librocksdb-dev | rocksdb-devel | rocksdb-dev | rocksdb | =
    rocksdb/ -lrocksdb rocksdb.pc
libhiredis-dev | hiredis-devel | hiredis-dev | hiredis | =
    hiredis/ -lhiredis hiredis.pc
libmemcached-dev | libmemcached-awesome-devel | libmemcached-dev | libmemcached | =
    libmemcached/ -lmemcached libmemcached.pc
librdkafka-dev | librdkafka-devel | librdkafka-dev | librdkafka | =
    librdkafka/ -lrdkafka rdkafka.pc
libcurl4-openssl-dev | libcurl-devel | curl-dev | curl | =
    curl/ -lcurl libcurl.pc CURL.cmake bin/curl-config
libkrb5-dev | krb5-devel | krb5-dev | krb5 | =
    gssapi.h gssapi/ krb5.h krb5/ -lkrb5 -lgssapi_krb5 krb5.pc krb5-gssapi.pc bin/krb5-config
libldap-dev | openldap-devel | openldap-dev | libldap | openldap
    ldap.h lber.h -lldap -llber -lldap_r ldap.pc
libsasl2-dev | cyrus-sasl-devel | cyrus-sasl-dev | libsasl | cyrus-sasl
    sasl/ -lsasl2 libsasl2.pc
libssh-dev | libssh-devel | libssh-dev | libssh | =
    libssh/ -lssh libssh.pc
libssh2-1-dev | libssh2-devel | libssh2-dev | libssh2 | =
    libssh2.h -lssh2 libssh2.pc
libgit2-dev | libgit2-devel | libgit2-dev | libgit2 | =
    git2.h git2/ -lgit2 libgit2.pc
libsodium-dev | libsodium-devel | libsodium-dev | libsodium | =
    sodium.h sodium/ -lsodium libsodium.pc
libgnutls28-dev | gnutls-devel | gnutls-dev | gnutls | =
    gnutls/ -lgnutls gnutls.pc GnuTLS.cmake
libgcrypt20-dev | libgcrypt-devel | libgcrypt-dev | libgcrypt | =
    gcrypt.h -lgcrypt libgcrypt.pc bin/libgcrypt-config
libgpgme-dev | gpgme-devel | gpgme-dev | gpgme | =
    gpgme.h -lgpgme gpgme.pc bin/gpgme-config
libpcap-dev | libpcap-devel | libpcap-dev | libpcap | =
    pcap.h pcap/ -lpcap libpcap.pc
libevent-dev | libevent-devel | libevent-dev | libevent | =
    event.h event2/ -levent libevent.pc
libev-dev | libev-devel | libev-dev | libev | =
    ev.h -lev
libuv1-dev | libuv-devel | libuv-dev | libuv | =
    uv.h uv/ -luv libuv.pc
libc-ares-dev | c-ares-devel | c-ares-dev | c-ares | =
    ares.h -lcares libcares.pc
libzmq3-dev | zeromq-devel | zeromq-dev | zeromq | =
    zmq.h zmq.hpp -lzmq libzmq.pc ZeroMQ.cmake
libjpeg-dev | libjpeg-turbo-devel | libjpeg-turbo-dev | libjpeg-turbo | jpeg-turbo
    jpeglib.h jconfig.h turbojpeg.h -ljpeg -lturbojpeg libjpeg.pc JPEG.cmake
libpng-dev | libpng-devel | libpng-dev | libpng | =
    png.h -lpng -lpng16 libpng.pc libpng16.pc PNG.cmake bin/libpng-config
libtiff-dev | libtiff-devel | tiff-dev | libtiff | =
    tiff.h tiffio.h -ltiff libtiff-4.pc TIFF.cmake
libwebp-dev | libwebp-devel | libwebp-dev | libwebp | webp
    webp/ -lwebp libwebp.pc WebP.cmake
libopenjp2-7-dev | openjpeg-devel | openjpeg-dev | openjpeg2 | openjpeg
    openjpeg.h -lopenjp2 libopenjp2.pc OpenJPEG.cmake
libavif-dev | libavif-devel | libavif-dev | libavif | =
    avif/ -lavif libavif.pc
libheif-dev | libheif-devel | libheif-dev | libheif | =
    libheif/ -lheif libheif.pc
liblcms2-dev | lcms2-devel | lcms2-dev | lcms2 | little-cms2
    lcms2.h -llcms2 lcms2.pc
libfreetype-dev | freetype-devel | freetype-dev | freetype2 | freetype
    ft2build.h freetype/ freetype2/ -lfreetype freetype2.pc Freetype.cmake bin/freetype-config
libfontconfig-dev | fontconfig-devel | fontconfig-dev | fontconfig | =
    fontconfig/ -lfontconfig fontconfig.pc Fontconfig.cmake
libharfbuzz-dev | harfbuzz-devel | harfbuzz-dev | harfbuzz | =
    hb.h harfbuzz/ -lharfbuzz harfbuzz.pc
libcairo2-dev | cairo-devel | cairo-dev | cairo | =
    cairo.h cairo/ -lcairo cairo.pc py3cairo.pc
libpango1.0-dev | pango-devel | pango-dev | pango | =
    pango/ -lpango-1.0 pango.pc pangocairo.pc
libglib2.0-dev | glib2-devel | glib-dev | glib2-devel | glib
    glib.h glib-object.h glib/ gio/ -lglib-2.0 glib-2.0.pc gio-2.0.pc gobject-2.0.pc
    bin/glib-mkenums
libgirepository-2.0-dev | glib2-devel | glib-dev | glib2-devel | glib
    girepository/ girepository-2.0.pc
libgirepository1.0-dev|gobject-introspection-devel|gobject-introspection-dev|gobject-introspection|=
    girepository.h gobject-introspection-1.0.pc bin/g-ir-scanner
libgtk-3-dev | gtk3-devel | gtk+3.0-dev | gtk3 | gtk+3
    gtk/ gtk+-3.0.pc
libdbus-1-dev | dbus-devel | dbus-dev | dbus | =
    dbus/ -ldbus-1 dbus-1.pc
libsystemd-dev | systemd-devel | elogind-dev | systemd-libs | -
    systemd/ -lsystemd libsystemd.pc
libudev-dev | systemd-devel | eudev-dev | systemd-libs | -
    libudev.h -ludev libudev.pc
libcups2-dev | cups-devel | cups-dev | libcups | cups
    cups/ -lcups cups.pc bin/cups-config
graphviz | = | = | = | =
    bin/dot graphviz
libgraphviz-dev | graphviz-devel | graphviz-dev | graphviz | =
    graphviz/ -lcgraph -lgvc -lcdt libcgraph.pc libgvc.pc
libmagic-dev | file-devel | file-dev | file | libmagic
    magic.h -lmagic libmagic.pc
libpoppler-cpp-dev | poppler-cpp-devel | poppler-dev | poppler | =
    poppler/ -lpoppler-cpp poppler-cpp.pc
libqpdf-dev | qpdf-devel | qpdf-dev | qpdf | =
    qpdf/ -lqpdf libqpdf.pc
tesseract-ocr libtesseract-dev | tesseract-devel | tesseract-ocr-dev | tesseract | =
    tesseract/ -ltesseract tesseract.pc
libleptonica-dev | leptonica-devel | leptonica-dev | leptonica | =
    leptonica/ -lleptonica lept.pc
libicu-dev | libicu-devel | icu-dev | icu | icu4c
    unicode/ -licuuc -licui18n icu-uc.pc icu-i18n.pc ICU.cmake bin/icu-config
libre2-dev | re2-devel | re2-dev | re2 | =
    re2/ -lre2 re2.pc
libpcre2-dev | pcre2-devel | pcre2-dev | pcre2 | =
    pcre2.h -lpcre2-8 libpcre2-8.pc
libreadline-dev | readline-devel | readline-dev | readline | =
    readline/ -lreadline readline.pc
libncurses-dev | ncurses-devel | ncurses-dev | ncurses | =
    curses.h ncurses.h panel.h term.h -lncurses -lncursesw -ltinfo ncurses.pc ncursesw.pc
uuid-dev | libuuid-devel | util-linux-dev | util-linux-libs | util-linux
    uuid/ -luuid uuid.pc
libacl1-dev | libacl-devel | acl-dev | acl | -
    sys/acl.h acl/ -lacl libacl.pc
libattr1-dev | libattr-devel | attr-dev | attr | -
    attr/ -lattr libattr.pc
libcap-dev | libcap-devel | libcap-dev | libcap | -
    sys/capability.h -lcap libcap.pc
libseccomp-dev | libseccomp-devel | libseccomp-dev | libseccomp | -
    seccomp.h -lseccomp libseccomp.pc
libselinux1-dev | libselinux-devel | libselinux-dev | libselinux | -
    selinux/ -lselinux libselinux.pc
libpam0g-dev | pam-devel | linux-pam-dev | pam | -
    security/ -lpam
libfuse3-dev | fuse3-devel | fuse3-dev | fuse3 | -
    fuse3/ -lfuse3 fuse3.pc
libvirt-dev | libvirt-devel | libvirt-dev | libvirt | =
    libvirt/ -lvirt libvirt.pc
linux-libc-dev | kernel-headers | linux-headers | linux-api-headers | -
    linux/ asm/ asm-generic/
libaio-dev | libaio-devel | libaio-dev | libaio | -
    libaio.h -laio
libnuma-dev | numactl-devel | numactl-dev | numactl | -
    numa.h -lnuma numa.pc
libusb-1.0-0-dev | libusb1-devel | libusb-dev | libusb | =
    libusb.h libusb-1.0/ -lusb-1.0 libusb-1.0.pc
libhidapi-dev | hidapi-devel | hidapi-dev | hidapi | =
    hidapi/ hidapi.h -lhidapi-hidraw -lhidapi-libusb hidapi-hidraw.pc hidapi-libusb.pc
libpcsclite-dev | pcsc-lite-devel | pcsc-lite-dev | pcsclite | pcsc-lite
    winscard.h wintypes.h pcsclite.h PCSC/ -lpcsclite libpcsclite.pc
libbluetooth-dev | bluez-libs-devel | bluez-dev | bluez-libs | -
    bluetooth/ -lbluetooth bluez.pc
portaudio19-dev | portaudio-devel | portaudio-dev | portaudio | =
    portaudio.h -lportaudio portaudio-2.0.pc
libasound2-dev | alsa-lib-devel | alsa-lib-dev | alsa-lib | -
    alsa/ -lasound alsa.pc ALSA.cmake
libpulse-dev | pulseaudio-libs-devel | pulseaudio-dev | libpulse | pulseaudio
    pulse/ -lpulse libpulse.pc
libsndfile1-dev | libsndfile-devel | libsndfile-dev | libsndfile | =
    sndfile.h -lsndfile sndfile.pc
libsdl2-dev | SDL2-devel | sdl2-dev | sdl2-compat | sdl2
    SDL.h SDL2/ -lSDL2 sdl2.pc SDL2.cmake bin/sdl2-config
libavdevice-dev libavfilter-dev | ffmpeg-free-devel | ffmpeg-dev | ffmpeg | =
    libavcodec/ libavformat/ libavutil/ -lavcodec -lavformat -lavutil libavcodec.pc
    libavformat.pc libavutil.pc libavdevice.pc libavfilter.pc libswscale.pc libswresample.pc
    FFMPEG.cmake
libopencv-dev | opencv-devel | opencv-dev | opencv | =
    opencv2/ opencv4.pc OpenCV.cmake
libx11-dev | libX11-devel | libx11-dev | libx11 | =
    X11/ -lX11 x11.pc X11.cmake
libxcb1-dev | libxcb-devel | libxcb-dev | libxcb | =
    xcb/ -lxcb xcb.pc
libgl-dev | libglvnd-devel | mesa-dev | libglvnd | mesa
    GL/gl.h GL/glx.h EGL/ -lGL -lEGL gl.pc egl.pc OpenGL.cmake
libglu1-mesa-dev | mesa-libGLU-devel | glu-dev | glu | mesa-glu
    GL/glu.h -lGLU glu.pc
libwayland-dev | wayland-devel | wayland-dev | wayland | =
    wayland-client.h -lwayland-client wayland-client.pc bin/wayland-scanner wayland-scanner.pc
qt6-base-dev | qt6-qtbase-devel | qt6-qtbase-dev | qt6-base | qt
    bin/qmake6 Qt6.cmake Qt6Core.pc
tk-dev | tk-devel | tk-dev | tk | tcl-tk
    tk.h tcl.h -ltk8.6 -ltcl8.6 tk.pc tcl.pc
libgmp-dev | gmp-devel | gmp-dev | gmp | =
    gmp.h gmpxx.h -lgmp -lgmpxx gmp.pc GMP.cmake
libmpfr-dev | mpfr-devel | mpfr-dev | mpfr | =
    mpfr.h -lmpfr mpfr.pc
libmpc-dev | libmpc-devel | mpc1-dev | libmpc | =
    mpc.h -lmpc
libflint-dev | flint-devel | flint-dev | flint | =
    flint/ -lflint flint.pc
libopenblas-dev | openblas-devel | openblas-dev | openblas | =
    cblas.h openblas/ -lopenblas -lblas -lcblas openblas.pc OpenBLAS.cmake blas.pc BLAS.cmake
liblapack-dev | lapack-devel | lapack-dev | lapack | =
    lapacke.h -llapack -llapacke lapack.pc LAPACK.cmake
libfftw3-dev | fftw-devel | fftw-dev | fftw | =
    fftw3.h -lfftw3 -lfftw3f fftw3.pc FFTW.cmake
libgsl-dev | gsl-devel | gsl-dev | gsl | =
    gsl/ -lgsl gsl.pc GSL.cmake bin/gsl-config
libsuitesparse-dev | suitesparse-devel | suitesparse-dev | suitesparse | suite-sparse
    umfpack.h cholmod.h suitesparse/ -lumfpack -lcholmod
libeigen3-dev | eigen3-devel | eigen-dev | eigen | =
    Eigen/ eigen3/ eigen3.pc Eigen3.cmake
libboost-all-dev | boost-devel | boost-dev | boost | =
    boost/ Boost.cmake -lboost_system -lboost_thread -lboost_filesystem boost
libtbb-dev | tbb-devel | onetbb-dev | onetbb | tbb
    tbb/ oneapi/ -ltbb tbb.pc TBB.cmake
libhdf5-dev | hdf5-devel | hdf5-dev | hdf5 | =
    hdf5.h H5public.h -lhdf5 hdf5.pc HDF5.cmake bin/h5cc
libnetcdf-dev | netcdf-devel | netcdf-dev | netcdf | =
    netcdf.h -lnetcdf netcdf.pc netCDF.cmake bin/nc-config
libgeos-dev | geos-devel | geos-dev | geos | =
    geos_c.h geos/ -lgeos_c -lgeos geos.pc GEOS.cmake bin/geos-config
libproj-dev | proj-devel | proj-dev | proj | =
    proj.h -lproj proj.pc PROJ.cmake
proj-bin | proj | proj-util | proj | =
    bin/proj
libgdal-dev | gdal-devel | gdal-dev | gdal | =
    gdal.h cpl_port.h gdal/ -lgdal gdal.pc GDAL.cmake bin/gdal-config
libspatialindex-dev | spatialindex-devel | - | spatialindex | =
    spatialindex/ -lspatialindex -lspatialindex_c
libopenmpi-dev | openmpi-devel | openmpi-dev | openmpi | open-mpi
    mpi.h -lmpi ompi.pc MPI.cmake bin/mpicc bin/mpicxx
r-base-dev | R-core-devel | R-dev | r | =
    R.h Rinternals.h bin/R -lR libR.pc
libenchant-2-dev | enchant2-devel | enchant2-dev | enchant | =
    enchant.h -lenchant-2 enchant-2.pc
libevdev-dev | libevdev-devel | libevdev-dev | libevdev | -
    libevdev/ -levdev libevdev.pc
"""


def packages_of(things: Iterable[str], python: str) -> Mapping[str, str] | None:
    """Return the packages, by system, of the first of these that a row has; ``None`` for none.

    ``python`` is the target's version with two numbers.
    """
    rows = _rows(python)
    found = (rows.get(thing.casefold()) for thing in things)
    return next((row for row in found if row is not None), None)


@cache
def _rows(python: str) -> dict[str, dict[str, str]]:
    """Return the table by what is held."""
    rows: dict[str, dict[str, str]] = {}
    row: dict[str, str] = {}
    for line in _TABLE.strip().replace("{python}", python).splitlines():
        if line.startswith(" "):
            for thing in line.split():
                rows.setdefault(thing.casefold(), row)
            continue
        cells = [cell.strip() for cell in line.split("|")]
        for place, cell in enumerate(cells):
            if cell == "=":
                cells[place] = cells[place - 1]
        row = {system: cell for system, cell in zip(SYSTEMS, cells, strict=True) if cell != "-"}
    return rows
