(** ln on fixed-point numbers: any guess [y] of [ln z] is good, since [ln z = y + ln (z e^-y)], and
    [t - 2 t^2 <= ln (1 + t) <= t] (proofs/log.md). *)
From Coq Require Import Reals ZArith List Lra Lia Psatz Bool.
From ExactQSE Require Import Sums FixedPoint Exponential.
Import ListNotations.
Open Scope R_scope.

Lemma ln_1_plus_upper t : -1 < t -> ln (1 + t) <= t.
Proof. intros H. pose proof (ln_le_minus_1 (1 + t)). lra. Qed.

Lemma ln_1_plus_lower t : - (1 / 2) <= t -> t - 2 * (t * t) <= ln (1 + t).
Proof.
  intros H. assert (P : 0 < 1 + t) by lra.
  pose proof (ln_le_minus_1 (/ (1 + t)) ltac:(now apply Rinv_0_lt_compat)) as L.
  rewrite ln_Rinv in L by assumption.
  apply Rle_trans with (1 - / (1 + t)); [|lra].
  apply Rmult_le_reg_r with (1 + t); [assumption|].
  replace ((1 - / (1 + t)) * (1 + t)) with t by (field; lra). nra.
Qed.

Section Precision.
Variable p : Z.
Hypothesis Hp : (0 <= p)%Z.
Let Hu : 0 < unit p := unit_pos p Hp.

(** Enclosure of [ln] on [z, z + 1], in units, from a guess of the logarithm. *)
Definition refine (t : tables) (z guess : Z) : option interval :=
  match exp_point p t (- guess) with
  | Some e =>
      let product := (z * fst e)%Z in
      let low := (down product p - one p)%Z in
      let high := (up (product + ((snd e - fst e) * z + snd e)) p - one p)%Z in
      if (- one p <=? 2 * low)%Z then
        Some (guess + low - up (2 * (low * low)) p, guess + high)%Z
      else None
  | None => None
  end.

Lemma refine_correct t z guess i x : sound p t -> (0 < z)%Z ->
  IZR z <= x * unit p <= IZR (z + 1) -> refine t z guess = Some i -> encloses p i (ln x).
Proof.
  intros Ht Hz [Hx1 Hx2]. unfold refine.
  destruct (exp_point p t (- guess)) as [e|] eqn:Ee; [|discriminate].
  cbv zeta. replace (z * fst e + ((snd e - fst e) * z + snd e))%Z with ((z + 1) * snd e)%Z by ring.
  set (low := (down (z * fst e) p - one p)%Z). set (high := (up ((z + 1) * snd e) p - one p)%Z).
  destruct (Z.leb_spec (- one p) (2 * low)) as [Hl|]; [|discriminate].
  set (square := (2 * (low * low))%Z).
  intros H; injection H as <-. apply exp_point_correct in Ee; try assumption.
  destruct Ee as [E0 [E1 E2]]. apply IZR_le in E0. apply IZR_lt in Hz.
  set (y := IZR guess / unit p). replace (IZR (- guess) / unit p) with (- y) in *
    by (unfold y; rewrite opp_IZR; field; lra).
  pose proof (exp_pos (- y)) as Ep.
  assert (Hx : 0 < x) by (apply Rmult_lt_reg_r with (unit p); lra).
  set (d := x * exp (- y) - 1).
  assert (Hd : -1 < d) by (unfold d; pose proof (Rmult_lt_0_compat _ _ Hx Ep); lra).
  assert (El : ln x = y + ln (1 + d)).
  { unfold d. replace (1 + (x * exp (- y) - 1)) with (x * exp (- y)) by ring.
    rewrite ln_mult, ln_exp by assumption. ring. }
  assert (L : IZR low <= d * unit p).
  { unfold low. rewrite minus_IZR. rewrite one_unit by assumption.
    pose proof (down_le (z * fst e) p Hp) as D. rewrite mult_IZR in D.
    assert (IZR (down (z * fst e) p) <= x * exp (- y) * unit p); [|unfold d; lra].
    apply Rmult_le_reg_r with (unit p); [assumption|]. eapply Rle_trans; [exact D|].
    replace (x * exp (- y) * unit p * unit p) with ((x * unit p) * (exp (- y) * unit p)) by ring.
    apply Rmult_le_compat; lra. }
  assert (U : d * unit p <= IZR high).
  { unfold high. rewrite minus_IZR. rewrite one_unit by assumption.
    pose proof (up_ge ((z + 1) * snd e) p Hp) as D. rewrite mult_IZR in D.
    assert (x * exp (- y) * unit p <= IZR (up ((z + 1) * snd e) p)); [|unfold d; lra].
    apply Rmult_le_reg_r with (unit p); [assumption|]. eapply Rle_trans; [|exact D].
    replace (x * exp (- y) * unit p * unit p) with ((x * unit p) * (exp (- y) * unit p)) by ring.
    apply Rmult_le_compat; lra. }
  assert (Hy : y * unit p = IZR guess) by (unfold y; field; lra).
  unfold encloses. cbn [fst snd]. rewrite El, Rmult_plus_distr_r, Hy. split.
  - set (l := IZR low / unit p).
    assert (Hlow : l * unit p = IZR low) by (unfold l; field; lra).
    assert (Hl2 : - (1 / 2) <= l).
    { apply IZR_le in Hl. rewrite mult_IZR, opp_IZR in Hl. rewrite one_unit in Hl by assumption.
      apply Rmult_le_reg_r with (unit p); [assumption|]. lra. }
    assert (Hld : l <= d) by (apply Rmult_le_reg_r with (unit p); lra).
    pose proof (ln_1_plus_lower l Hl2) as B.
    pose proof (ln_mono (1 + l) (1 + d) ltac:(lra) ltac:(lra)) as M.
    rewrite minus_IZR, plus_IZR.
    pose proof (up_ge square p Hp) as S. unfold square at 1 in S. rewrite !mult_IZR in S.
    assert (2 * (l * l) * unit p <= IZR (up square p)).
    { apply Rmult_le_reg_r with (unit p); [assumption|].
      replace (2 * (l * l) * unit p * unit p) with (2 * ((l * unit p) * (l * unit p))) by ring.
      rewrite Hlow. exact S. }
    assert ((l - 2 * (l * l)) * unit p <= ln (1 + d) * unit p) by (apply Rmult_le_compat_r; lra).
    lra.
  - rewrite plus_IZR. pose proof (ln_1_plus_upper d Hd).
    assert (ln (1 + d) * unit p <= d * unit p) by (apply Rmult_le_compat_r; lra). lra.
Qed.

(** Guesses, about which nothing is claimed: a table, then the series of ln (1 + t). *)
Fixpoint search (table : list interval) (z : Z) (s i : Z) : Z :=
  match table with
  | [] => i
  | e :: rest => if (fst e <=? z)%Z then search rest z s (i + s) else i
  end.

Fixpoint improve (t : tables) (z guess : Z) (rounds : nat) : Z :=
  match rounds with
  | O => guess
  | S n => match exp_point p t (- guess) with
           | Some e =>
               let d := (down (z * fst e) p - one p)%Z in
               let square := down (d * d) p in
               improve t z (guess + d - down square 1 + floor_div (down (d * square) p) 3)%Z n
           | None => guess
           end
  end.

Definition first_guess (t : tables) (z : Z) : Z :=
  match levels t with
  | (s, table) :: _ => let step := Z.shiftl 1 (p - s) in (search table z step 0 - step)%Z
  | [] => 0%Z
  end.

Record context := Context { exps : tables; rounds : nat; ln2 : interval }.

Definition sound_context (c : context) : Prop := sound p (exps c) /\ encloses p (ln2 c) (ln 2).

Definition log_near (t : tables) (n : nat) (z : Z) : option interval :=
  if (0 <? z)%Z then refine t z (improve t z (first_guess t z) n) else None.

Lemma log_near_correct t n z i x : sound p t -> IZR z <= x * unit p <= IZR (z + 1) ->
  log_near t n z = Some i -> encloses p i (ln x).
Proof.
  intros Ht Hx. unfold log_near. destruct (Z.ltb_spec 0 z); [|discriminate].
  now apply refine_correct.
Qed.

(** ** From numbers between 1 and 2 to all *)
Lemma unit_powerRZ q : (0 <= q)%Z -> unit q = powerRZ 2 q.
Proof.
  intros H. unfold unit. rewrite <- (Z2Nat.id q H) at 1. rewrite <- (Z2Nat.id q H) at 2.
  rewrite <- pow_powerRZ. rewrite <- (pow_IZR 2 (Z.to_nat q)). reflexivity.
Qed.

Lemma shiftl_floor n e : IZR (Z.shiftl n e) <= IZR n * powerRZ 2 e <= IZR (Z.shiftl n e + 1).
Proof.
  destruct (Z.le_gt_cases 0 e) as [H|H].
  - rewrite plus_IZR, shiftl_unit, unit_powerRZ by assumption. lra.
  - assert (Hm : (0 <= - e)%Z) by lia. replace e with (- (- e))%Z by lia.
    set (m := (- e)%Z) in *. rewrite Z.shiftl_opp_r, plus_IZR, Z.shiftr_div_pow2 by assumption.
    pose proof (unit_pos m Hm) as Hu'.
    assert (E : powerRZ 2 (- m) * unit m = 1).
    { rewrite unit_powerRZ by assumption. rewrite <- powerRZ_add by lra. now rewrite Z.add_opp_diag_l. }
    assert (Hpos : (0 < 2 ^ m)%Z) by now apply Z.pow_pos_nonneg.
    pose proof (Z.div_mod n (2 ^ m) ltac:(lia)) as D. pose proof (Z.mod_pos_bound n _ Hpos) as B.
    set (f := (n / 2 ^ m)%Z) in *.
    assert (L : IZR f * unit m <= IZR n).
    { unfold unit. rewrite <- mult_IZR. apply IZR_le. lia. }
    assert (U : IZR n <= (IZR f + 1) * unit m).
    { unfold unit. rewrite <- plus_IZR, <- mult_IZR. apply IZR_le. lia. }
    split; apply Rmult_le_reg_r with (unit m); try assumption;
      rewrite Rmult_assoc, E; lra.
Qed.

Lemma ln_powerRZ2 e : ln (powerRZ 2 e) = IZR e * ln 2.
Proof.
  assert (N : forall n, ln (2 ^ n) = INR n * ln 2).
  { induction n as [|n IH]; [simpl; rewrite ln_1; ring|].
    rewrite S_INR. simpl pow. rewrite ln_mult; [rewrite IH; ring|lra|apply pow_lt; lra]. }
  destruct e as [|n|n]; simpl.
  - rewrite ln_1. ring.
  - rewrite N, INR_IZR_INZ, positive_nat_Z. reflexivity.
  - rewrite ln_Rinv by (apply pow_lt; lra). rewrite N, INR_IZR_INZ, positive_nat_Z.
    change (Z.neg n) with (- Z.pos n)%Z. rewrite opp_IZR. ring.
Qed.

Section Scaled.
Variables (near : Z -> option interval) (two : interval).
Hypothesis Hnear : forall z i x, IZR z <= x * unit p <= IZR (z + 1) -> near z = Some i -> encloses p i (ln x).
Hypothesis Htwo : encloses p two (ln 2).

(** ln of [n / 2^q]: with [k] the position of the first bit, [n 2^-k] is in [1, 2). *)
Definition scaled_log (n q : Z) : option interval :=
  if (0 <? n)%Z && (0 <=? q)%Z then
    let k := Z.log2 n in
    match near (Z.shiftl n (p - k)) with
    | Some i => let e := (k - q)%Z in
        let l := (if 0 <=? e then fst two else snd two)%Z in
        let h := (if 0 <=? e then snd two else fst two)%Z in
        Some (e * l + fst i, e * h + snd i)%Z
    | None => None
    end
  else None.

Lemma scaled_log_correct n q i : scaled_log n q = Some i -> encloses p i (ln (IZR n / unit q)).
Proof.
  unfold scaled_log.
  destruct (Z.ltb_spec 0 n) as [Hn|]; [|discriminate].
  destruct (Z.leb_spec 0 q) as [Hq|]; [|discriminate]. cbn [andb].
  destruct (near _) as [j|] eqn:Ej; [|discriminate]. intros H; injection H as <-.
  set (k := Z.log2 n) in *. set (e := (k - q)%Z).
  apply (Hnear _ j (IZR n * powerRZ 2 (- k))) in Ej.
  - assert (P2 : forall m, 0 < powerRZ 2 m) by (intros; apply powerRZ_lt; lra).
    apply IZR_lt in Hn.
    replace (ln (IZR n / unit q)) with (IZR e * ln 2 + ln (IZR n * powerRZ 2 (- k))).
    + destruct Htwo as [L2 U2]. destruct Ej as [Lj Uj]. unfold encloses; cbn [fst snd].
      rewrite !plus_IZR, !mult_IZR.
      destruct (Z.leb_spec 0 e) as [He|He]; [apply IZR_le in He|apply IZR_lt in He]; nra.
    + rewrite <- ln_powerRZ2, <- ln_mult by (try apply Rmult_lt_0_compat; auto).
      f_equal. rewrite unit_powerRZ by assumption. unfold e, Rdiv.
      replace (powerRZ 2 (k - q) * (IZR n * powerRZ 2 (- k))) with (IZR n * (powerRZ 2 (k - q) * powerRZ 2 (- k))) by ring.
      rewrite <- powerRZ_add by lra. replace (k - q + - k)%Z with (- q)%Z by ring.
      now rewrite powerRZ_neg'.
  - pose proof (shiftl_floor n (p - k)) as F. rewrite (unit_powerRZ p Hp).
    replace (IZR n * powerRZ 2 (- k) * powerRZ 2 p) with (IZR n * powerRZ 2 (p - k)); [exact F|].
    rewrite Rmult_assoc, <- powerRZ_add by lra. f_equal. f_equal. lia.
Qed.

(** An upper bound of [ln (n / d)], in units. *)
Definition scaled_log_ratio (n d : Z) : option Z :=
  let q := (p + Z.max 0 (Z.log2 d - Z.log2 n))%Z in
  option_map snd (scaled_log (floor_div (Z.shiftl n q) d + 1) q).

Lemma scaled_log_ratio_correct n d h : (0 < n)%Z -> (0 < d)%Z ->
  scaled_log_ratio n d = Some h -> ln (IZR n / IZR d) * unit p <= IZR h.
Proof.
  intros Hn Hd. unfold scaled_log_ratio. rewrite floor_div_eq. set (q := (p + Z.max 0 (Z.log2 d - Z.log2 n))%Z).
  destruct (scaled_log _ q) as [i|] eqn:E; [|discriminate]. simpl. intros H; injection H as <-.
  assert (Hq : (0 <= q)%Z) by (unfold q; lia).
  apply scaled_log_correct in E. destruct E as [_ E].
  eapply Rle_trans; [|exact E]. apply Rmult_le_compat_r; [lra|].
  apply ln_mono; [apply Rdiv_lt_0_compat; now apply IZR_lt|].
  pose proof (unit_pos q Hq) as Uq. apply IZR_lt in Hd as Rd.
  apply Rmult_le_reg_r with (IZR d * unit q); [now apply Rmult_lt_0_compat|].
  replace (IZR n / IZR d * (IZR d * unit q)) with (IZR n * unit q) by (field; lra).
  replace (IZR (Z.shiftl n q / d + 1) / unit q * (IZR d * unit q)) with (IZR (Z.shiftl n q / d + 1) * IZR d)
    by (field; lra).
  rewrite <- shiftl_unit by assumption. rewrite <- mult_IZR. apply IZR_le.
  pose proof (Z.div_mod (Z.shiftl n q) d ltac:(lia)). pose proof (Z.mod_pos_bound (Z.shiftl n q) d Hd). lia.
Qed.
End Scaled.

Definition log_fixed (c : context) : Z -> Z -> option interval := scaled_log (log_near (exps c) (rounds c)) (ln2 c).

Lemma log_fixed_correct c n q i : sound_context c -> log_fixed c n q = Some i ->
  encloses p i (ln (IZR n / unit q)).
Proof.
  intros [Ht H2]. unfold log_fixed. apply scaled_log_correct; [|assumption]. intros z j x. now apply log_near_correct.
Qed.

(** ** All that exp and ln need, at a precision *)
Definition make_context : option context :=
  let levels := (Nat.min 6 (Z.to_nat (p / 24) + 1)) in
  let bits := (7 * Z.of_nat levels)%Z in
  let quick := (Z.to_nat (p / bits) + 1)%nat in
  let rounds := if (p <=? 70)%Z then 1%nat else if (p <=? 250)%Z then 2%nat
                else if (p <=? 1000)%Z then 3%nat else 5%nat in  (* each has four times the bits *)
  match make_tables p (Z.to_nat (p / 4) + 8) quick levels (Z.to_nat p) with
  | Some t => match log_near t (rounds + 1) (2 * one p) with
              | Some i => Some (Context t rounds i)
              | None => None
              end
  | None => None
  end.

Lemma make_context_sound c : make_context = Some c -> sound_context c.
Proof.
  unfold make_context. set (levels := Nat.min _ _).
  destruct (make_tables _ _ _ _ _) as [t|] eqn:E; [|discriminate].
  apply make_tables_sound in E; [|assumption].
  destruct (log_near _ _ _) as [i|] eqn:El; [|discriminate]. intros H; injection H as <-.
  split; [assumption|]. refine (log_near_correct t _ (2 * one p) i 2 E _ El).
  rewrite plus_IZR, mult_IZR. rewrite one_unit by assumption. lra.
Qed.
End Precision.
